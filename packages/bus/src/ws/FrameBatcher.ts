import type { WebSocket } from "ws";
import { FlushScheduler } from "../FlushScheduler.ts";

/** A frame of this many characters is sent at once. */
const fullFrame = 256 * 1024;

/** Batches lines into the frames of one socket. */
export class FrameBatcher {
  readonly #socket: WebSocket;
  readonly #onFlushed: ((bufferedBytes: number) => void) | undefined;
  #frame = "";
  readonly #scheduler = new FlushScheduler(() => this.flush());

  /** @param onFlushed Called after each frame with the bytes that the socket has buffered. */
  constructor(socket: WebSocket, onFlushed?: (bufferedBytes: number) => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
  }

  /** How many bytes are queued, here and in the socket; approximate. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount + this.#frame.length;
  }

  /** Adds a line to the next frame. */
  add(line: string): void {
    this.#frame = this.#frame === "" ? line : `${this.#frame}\n${line}`;
    if (this.#scheduler.request() || this.#frame.length > fullFrame) this.flush();
  }

  /** Sends the frame now. */
  flush(): void {
    if (this.#frame === "") return;
    const frame = this.#frame;
    this.#frame = "";
    // The end of a connection is reported by its close event.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame);
    this.#onFlushed?.(this.#socket.bufferedAmount);
  }

  /** Drops the lines that are not sent. */
  clear(): void {
    this.#frame = "";
    this.#scheduler[Symbol.dispose]();
  }
}
