import type { WebSocket } from "ws";

/** A frame is sent at once when it has grown to this many characters. */
const fullFrame = 256 * 1024;

/**
 * What is to be sent over one socket. The lines of one turn of the event loop go out in one frame, since each frame
 * costs a system call here and a wake-up there: more than all else that is done for a short text.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #onFlushed: ((waitingBytes: number) => void) | undefined;
  #frame = "";
  #flush: NodeJS.Immediate | undefined;

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
    if (this.#frame === "") {
      this.#frame = line;
      this.#flush ??= setImmediate(() => {
        this.#flush = undefined;
        this.flush();
      });
    } else this.#frame += `\n${line}`;
    if (this.#frame.length > fullFrame) this.flush();
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
    clearImmediate(this.#flush);
    this.#flush = undefined;
  }
}
