import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A proxy between a client and a server that simulates network failures. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      const pair = { client, server };
      this.#pairs.add(pair);
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        socket.pipe(other);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          this.#pairs.delete(pair);
          other.destroy();
        });
      }
    });
  }

  static async open(port: number): Promise<TcpProxy> {
    const relay = new TcpProxy(port);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get url(): string {
    const address = this.#server.address();
    return `nats://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Cuts all connections. New connections are possible. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Stops reading from the server on the present connections. */
  stopTaking(): void {
    for (const { client, server } of this.#pairs) {
      server.unpipe(client);
      server.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }
}
