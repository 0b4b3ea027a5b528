import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { nonEphemeralPort } from "./nonEphemeralPort.ts";

/** How often a part is passed on. */
const stepMs = 20;

/** A proxy to a local port with a limited bandwidth in each direction. */
export class SlowProxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, to: number, bytesPerSecond: number) {
    this.port = port;
    const part = Math.ceil((bytesPerSecond * stepMs) / 1000);
    this.#server = createServer((client) => {
      const other = connect({ host: "127.0.0.1", port: to });
      void this.#carry(client, other, part);
      void this.#carry(other, client, part);
    });
  }

  static async open(to: number, bytesPerSecond: number): Promise<SlowProxy> {
    const line = new SlowProxy(await nonEphemeralPort(), to, bytesPerSecond);
    line.#server.listen(line.port, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  async #carry(from: Socket, into: Socket, part: number): Promise<void> {
    this.#sockets.add(from);
    from.on("error", () => undefined);
    from.on("close", () => into.destroy());
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let start = 0; start < chunk.length; start += part) {
          into.write(chunk.subarray(start, start + part));
          await setTimeout(stepMs);
        }
      }
    } catch {
      // The connection was cut.
    }
  }
}
