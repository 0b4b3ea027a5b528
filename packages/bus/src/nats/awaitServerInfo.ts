import { connect } from "node:net";
import type { NatsServerAddress } from "./NatsConfig.ts";

/**
 * Waits until a NATS server sends its INFO, which it does first on each connection. The NATS client leaks a socket with each attempt
 * that gets no INFO, so it must only connect to a server that sends one.
 *
 * @throws Error when the server cannot be reached, or sends nothing in time.
 */
export async function awaitServerInfo({ host, port }: NatsServerAddress, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => reject(new Error(`it did not answer within ${timeoutMs} ms`)));
  socket.once("data", () => resolve());
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("it closed the connection without an answer")));
  try {
    await promise;
  } finally {
    socket.on("error", () => undefined);
    socket.destroy();
  }
}
