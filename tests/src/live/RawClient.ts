import { EventEmitter, once } from "node:events";
import { WebSocket } from "ws";

/** A message of a service. */
export interface Heard {
  readonly t: string;
  readonly id?: number;
  readonly code?: string;
  readonly msg?: string;
}

/** The longest wait for a message. */
const waitMs = 60_000;

/** A client that sends arbitrary messages and bytes. */
export class RawClient implements AsyncDisposable {
  readonly heard: Heard[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  readonly #news = new EventEmitter();
  #refusal: number | undefined;

  private constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#socket = new WebSocket(url, "peek.client.1", { headers, perMessageDeflate: false });
    this.#news.setMaxListeners(0);
    this.#socket.on("open", () => this.#news.emit("news"));
    this.#socket.on("message", (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data)) this.#take(JSON.parse(data.toString()) as Heard);
    });
    this.#socket.on("unexpected-response", (request, response) => {
      this.#refusal = response.statusCode;
      request.destroy();
      this.#news.emit("news");
    });
    this.#socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#news.emit("news");
    });
    this.#socket.on("error", () => undefined);
  }

  /** Connects, and waits until the service has accepted it. */
  static async open(url: string): Promise<RawClient> {
    const client = new RawClient(url, {});
    await client.until(() => client.heard.some(({ t }) => t === "hi"));
    return client;
  }

  /** The HTTP status with which a connection with these headers is refused; undefined if it is accepted. */
  static async refusalOf(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
    await using client = new RawClient(url, headers);
    await client.until(() => client.#refusal !== undefined || client.heard.length > 0 || client.closed !== undefined);
    return client.#refusal;
  }

  send(message: object | string | Uint8Array): void {
    const isData = typeof message === "string" || message instanceof Uint8Array;
    this.#socket.send(isData ? message : JSON.stringify(message), () => undefined);
  }

  /** Writes raw bytes, below the WebSocket. */
  write(bytes: Uint8Array): void {
    const below: unknown = Reflect.get(this.#socket, "_socket");
    const write: unknown = Reflect.get(Object(below), "write");
    if (typeof write === "function") Reflect.apply(write, below, [bytes]);
  }

  /** The number of received messages of a kind, or with a code. */
  count(what: string): number {
    return this.heard.filter(({ t, code }) => t === what || code === what).length;
  }

  async until(isSo: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(waitMs);
    while (!isSo()) await once(this.#news, "news", { signal: late });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.terminate();
    await this.until(() => this.closed !== undefined);
  }

  #take(message: Heard): void {
    this.heard.push(message);
    if (message.t === "beat") this.send({ t: "beat" });
    this.#news.emit("news");
  }
}
