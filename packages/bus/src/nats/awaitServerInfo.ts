import { connect } from "node:net";
import type { NatsServerAddress } from "./NatsConfig.ts";

/**
 * Waits until a server says something, as each NATS server does first. The client leaves a socket open for each attempt
 * that a server does not answer: so it is asked to connect only to one that does.
 *
 * @throws Error when there is none, or it says nothing.
 */
export async function awaitServerInfo({ host, port }: NatsServerAddress, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => reject(new Error(`it did not answer within ${timeoutMs} ms`)));
  socket.once("data", () => resolve());
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("it closed the connection without a word")));
  try {
    await promise;
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}
