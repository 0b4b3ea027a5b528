import { createServer, type Server, type Socket, connect } from "node:net";
import { once } from "node:events";
import { parseConnectUrl } from "../src/connection/ConnectionTarget.ts";
import type { TestDatabase } from "./testing.ts";

/** The fate of bytes that a client sends. */
export type Fate = "pass" | "swallow" | "cut" | "pass, and cut when it answers";

/** A proxy between a storage and its server that simulates network failures. */
export class TcpProxy implements AsyncDisposable {
  /** Decides the fate of the bytes that a client sends. */
  fate: (sent: string) => Fate = () => "pass";
  readonly #database: TestDatabase;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(database: TestDatabase) {
    this.#database = database;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async open(database: TestDatabase): Promise<TcpProxy> {
    const proxy = new TcpProxy(database);
    await proxy.listen();
    return proxy;
  }

  /** The URL of the database through the proxy. */
  get connectUrl(): string {
    const { user, password, database } = parseConnectUrl(this.#database.connectUrl);
    const account = password === undefined ? user : `${user}:${password}`;
    return `postgresql://${account}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Listens again at the same port. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  /** Stops listening, and closes all connections. */
  async vanish(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vanish();
  }

  #accept(client: Socket): void {
    const { host, port } = parseConnectUrl(this.#database.connectUrl);
    const server = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let cutsAnswer = false;
    client.on("data", (bytes) => {
      const fate = this.fate(bytes.toString("latin1"));
      if (fate === "cut") client.destroy();
      if (fate === "pass, and cut when it answers") cutsAnswer = true;
      if (fate.startsWith("pass")) server.write(bytes);
    });
    server.on("data", (bytes) => {
      if (cutsAnswer) client.destroy();
      else client.write(bytes);
    });
  }
}
