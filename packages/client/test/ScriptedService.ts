import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientMessage, ServerMessage } from "@peek/live-protocol";

type MessageOf<Kind extends ClientMessage["t"]> = Extract<ClientMessage, { readonly t: Kind }>;

/** The service's side of a connection; it sends only the messages of the test. */
export class ServedBrowser {
  /** All messages of the browser. */
  readonly received: ClientMessage[] = [];
  readonly closed: Promise<void>;
  /** The path and query of the request. */
  readonly asked: string;
  readonly #socket: WebSocket;
  readonly #unread: ClientMessage[] = [];
  #news = Promise.withResolvers<void>();

  constructor(socket: WebSocket, asked: string) {
    this.#socket = socket;
    this.asked = asked;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("message", (data) => {
      // oxlint-disable-next-line typescript/no-base-to-string -- it is a Buffer
      const message = JSON.parse(data.toString()) as ClientMessage;
      this.received.push(message);
      this.#unread.push(message);
      this.#news.resolve();
    });
  }

  /** The next message of a type; earlier ones of other types are skipped. */
  async next<Kind extends ClientMessage["t"]>(kind: Kind): Promise<MessageOf<Kind>> {
    for (;;) {
      for (let message = this.#unread.shift(); message !== undefined; message = this.#unread.shift()) {
        if (message.t === kind) return message as MessageOf<Kind>;
      }
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  send(...messages: readonly ServerMessage[]): void {
    for (const message of messages) this.#socket.send(JSON.stringify(message));
  }

  sendCompressed(message: ServerMessage): void {
    this.#socket.send(gzipSync(JSON.stringify(message)));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** @param options The fields of the greeting. Default: none for signs of life, so that the client expects none. */
  greet(user = "ada", options: Partial<Extract<ServerMessage, { readonly t: "hi" }>> = {}): this {
    const who = { id: user, name: user, anonymous: false };
    this.send({ t: "hi", user: who, device: "device", beatMs: 60_000, upstream: true, ...options });
    return this;
  }

  cut(): void {
    this.#socket.terminate();
  }

  close(code: number): void {
    this.#socket.close(code);
  }
}

/** A service that accepts connections, and sends only the messages of the test. */
export class ScriptedService implements AsyncDisposable {
  readonly port: number;
  readonly #server: WebSocketServer;
  readonly #waiting: ServedBrowser[] = [];
  #news = Promise.withResolvers<void>();
  /** The number of connections so far. */
  count = 0;

  private constructor(server: WebSocketServer, port: number) {
    this.#server = server;
    this.port = port;
    server.on("connection", (socket, request) => {
      this.count += 1;
      this.#waiting.push(new ServedBrowser(socket, request.url ?? ""));
      this.#news.resolve();
    });
  }

  static async open(port = 0): Promise<ScriptedService> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The server has no port.");
    return new ScriptedService(server, address.port);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/vortex`;
  }

  /** The next connection that was not returned yet. */
  async browser(): Promise<ServedBrowser> {
    for (;;) {
      const browser = this.#waiting.shift();
      if (browser !== undefined) return browser;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  /** The next connection, greeted. */
  async greeted(user?: string, options?: Parameters<ServedBrowser["greet"]>[1]): Promise<ServedBrowser> {
    return (await this.browser()).greet(user, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
