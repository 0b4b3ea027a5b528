import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientMessage, ServerMessage } from "@peek/live-protocol";

type Said<Kind extends ClientMessage["t"]> = Extract<ClientMessage, { readonly t: Kind }>;

/** A browser's connection, as a service has it that says only what a test has it say. */
export class ServedBrowser {
  /** All that it has said. */
  readonly heard: ClientMessage[] = [];
  readonly closed: Promise<void>;
  /** What it has asked for: path and query. */
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
      this.heard.push(message);
      this.#unread.push(message);
      this.#news.resolve();
    });
  }

  /** The next message of a kind; others before it are passed over. */
  async next<Kind extends ClientMessage["t"]>(kind: Kind): Promise<Said<Kind>> {
    for (;;) {
      for (let message = this.#unread.shift(); message !== undefined; message = this.#unread.shift()) {
        if (message.t === kind) return message as Said<Kind>;
      }
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  say(...messages: readonly ServerMessage[]): void {
    for (const message of messages) this.#socket.send(JSON.stringify(message));
  }

  sayPacked(message: ServerMessage): void {
    this.#socket.send(gzipSync(JSON.stringify(message)));
  }

  sayText(text: string): void {
    this.#socket.send(text);
  }

  /** @param options Of the greeting; what is not said is left out, so that no signs of life are expected. */
  greet(user = "ada", options: Partial<Extract<ServerMessage, { readonly t: "hi" }>> = {}): this {
    const who = { id: user, name: user, anonymous: false };
    this.say({ t: "hi", user: who, device: "device", beatMs: 60_000, upstream: true, ...options });
    return this;
  }

  cut(): void {
    this.#socket.terminate();
  }

  close(code: number): void {
    this.#socket.close(code);
  }
}

/** A service that takes browsers, and leaves it to the test what they are told. */
export class ScriptedService implements AsyncDisposable {
  readonly port: number;
  readonly #server: WebSocketServer;
  readonly #waiting: ServedBrowser[] = [];
  #news = Promise.withResolvers<void>();
  /** How many browsers have come. */
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

  /** The next browser that comes, or that has come and was not taken. */
  async browser(): Promise<ServedBrowser> {
    for (;;) {
      const browser = this.#waiting.shift();
      if (browser !== undefined) return browser;
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  /** The next browser, let in. */
  async greeted(user?: string, options?: Parameters<ServedBrowser["greet"]>[1]): Promise<ServedBrowser> {
    return (await this.browser()).greet(user, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
