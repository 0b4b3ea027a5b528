import { EventEmitter, once } from "node:events";
import { gunzipSync } from "node:zlib";
import { WebSocket } from "ws";
import type { ServerMessage } from "@peek/live-protocol";
import type { Row } from "./MemoryChannel.ts";

type Kind = ServerMessage["t"];
export type Of<K extends Kind> = ServerMessage & { readonly t: K };

/** The rows and the position that a browser has of a channel. */
export interface Shown {
  readonly rows: Map<number, Row>;
  epoch: string;
  offset: number;
}

/** A browser that the test controls. It keeps all messages, and the tuples of the channels. */
export class RawBrowser implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly channels = new Map<number, Shown>();
  /** Deltas that do not follow on what there was. */
  gaps = 0;
  binaryFrames = 0;
  bytes = 0;
  /** Whether it answers beats. */
  answers = true;
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #news = new EventEmitter();

  constructor(url: string, headers: Readonly<Record<string, string>> = {}, protocol = "peek.client.1") {
    this.socket = new WebSocket(url, protocol, { headers, perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 });
    this.#news.setMaxListeners(0);
    this.socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      this.bytes += data.length;
      if (isBinary) this.binaryFrames += 1;
      this.#take(JSON.parse((isBinary ? gunzipSync(data) : data).toString()) as ServerMessage);
    });
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#news.emit("news");
    });
    this.socket.on("error", () => this.#news.emit("news"));
  }

  send(message: object | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Waits for something to be so, looking whenever something has come. */
  async until<T>(what: string, find: () => T | undefined | false): Promise<T> {
    const late = AbortSignal.timeout(30_000);
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      if (this.closed !== undefined) throw new Error(`Closed by ${this.closed.code} before: ${what}`);
      try {
        await once(this.#news, "news", { signal: late });
      } catch (error) {
        throw new Error(`Not within 30 s: ${what}`, { cause: error });
      }
    }
  }

  /** Waits for the message of a kind that comes next, of those that were not taken yet, and takes it. */
  async next<K extends Kind>(kind: K, isIt: (message: Of<K>) => boolean = () => true): Promise<Of<K>> {
    const fits = (message: ServerMessage): message is Of<K> => message.t === kind && isIt(message as Of<K>);
    const found = await this.until(`a message ${kind}`, () => this.messages.find(fits));
    this.messages.splice(this.messages.indexOf(found), 1);
    return found;
  }

  /** Subscribes, and waits until it is on. Returns the channel's number. */
  async subscribe(id: number, sel: string, at?: object): Promise<number> {
    this.send({ t: "sub", id, sel, at });
    return (await this.next("on", (message) => message.id === id)).c;
  }

  /** Waits until a row of a channel is as given. */
  async untilRow(channel: number, id: number, text: string): Promise<void> {
    await this.until(
      `row ${id} to be ${text.slice(0, 20)}`,
      () => this.channels.get(channel)?.rows.get(id)?.text === text,
    );
  }

  async untilClosed(): Promise<number> {
    return (await this.until("to be closed", () => this.closed)).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed !== undefined) return;
    this.socket.terminate();
    await this.untilClosed();
  }

  #take(message: ServerMessage): void {
    this.messages.push(message);
    if (message.t === "beat" && this.answers) this.send({ t: "beat" });
    if (message.t === "s") {
      const rows = new Map((message.rows as readonly Row[]).map((row) => [row.id, row]));
      this.channels.set(message.c, { rows, epoch: message.e, offset: message.o });
    } else if (message.t === "d") this.#apply(message);
    this.#news.emit("news");
  }

  #apply(message: Of<"d">): void {
    const shown = this.channels.get(message.c);
    if (shown === undefined) return;
    if (shown.epoch !== (message.fe ?? message.e) || shown.offset !== message.f) {
      if (shown.epoch !== message.e || shown.offset < message.o) this.gaps += 1;
      return;
    }
    for (const row of (message.u ?? []) as readonly Row[]) shown.rows.set(row.id, row);
    for (const [, row] of (message.i ?? []) as readonly (readonly [number, Row])[]) shown.rows.set(row.id, row);
    shown.epoch = message.e;
    shown.offset = message.o;
  }
}
