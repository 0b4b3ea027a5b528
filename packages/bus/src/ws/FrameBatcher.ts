import type { WebSocket } from "ws";
import { FlushScheduler } from "../FlushScheduler.ts";

/** A frame is sent at once when it has grown to this many characters. */
const fullFrame = 256 * 1024;

/** What is to be sent over one socket: as many lines in one frame as there are when it goes out. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #onFlushed: ((waitingBytes: number) => void) | undefined;
  #frame = "";
  readonly #turn = new FlushScheduler(() => this.flush());

  /** @param onFlushed Told, after each frame, how many bytes the socket has not passed on yet. */
  constructor(socket: WebSocket, onFlushed?: (waitingBytes: number) => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
  }

  /** How many bytes wait, all in all; about. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount + this.#frame.length;
  }

  add(line: string): void {
    this.#frame = this.#frame === "" ? line : `${this.#frame}\n${line}`;
    if (this.#turn.begins() || this.#frame.length > fullFrame) this.flush();
  }

  /** Sends what there is now. */
  flush(): void {
    if (this.#frame === "") return;
    const frame = this.#frame;
    this.#frame = "";
    // Not open any more, it has ended: whoever waits for an answer is told by that.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame);
    this.#onFlushed?.(this.#socket.bufferedAmount);
  }

  /** Forgets what has not been sent. */
  clear(): void {
    this.#frame = "";
    this.#turn[Symbol.dispose]();
  }
}
