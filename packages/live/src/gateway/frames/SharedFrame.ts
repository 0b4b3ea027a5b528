import { gzip } from "node:zlib";
import { Frame } from "./Frame.ts";

/** Snapshots with more characters are compressed. */
const compressFrom = 16 * 1024;
/** zlib's fastest: it is done once for all browsers, but some of them wait for it. */
const level = 1;
/** The longest UTF-8 encoding of one UTF-16 code unit. */
const maxBytesPerCharacter = 3;

/** Waits until a frame is encoded. */
export interface FrameWaiter {
  onFrameReady(frame: Frame): void;
}

/** The frame of a message about a channel, encoded once for all browsers. */
export class SharedFrame {
  /** Empty once there is a frame. */
  #text: string;
  #frame: Frame | undefined;
  #waiters: FrameWaiter[] | undefined;

  /** @param text A message as JSON. */
  constructor(text: string) {
    // Other messages are short, and must not wait for a thread.
    const isPlain = text.length <= compressFrom || !text.startsWith('{"t":"s"');
    this.#frame = isPlain ? Frame.ofText(text) : undefined;
    this.#text = isPlain ? "" : text;
  }

  /** Undefined while it is being compressed. */
  get frame(): Frame | undefined {
    return this.#frame;
  }

  /** How many bytes of memory it takes; an upper bound while it is being compressed. */
  get size(): number {
    return this.#frame?.bytes.length ?? this.#text.length * maxBytesPerCharacter;
  }

  /** Notifies a waiter, later, when there is a frame. */
  whenReady(waiter: FrameWaiter): void {
    if (this.#waiters !== undefined) {
      this.#waiters.push(waiter);
      return;
    }
    this.#waiters = [waiter];
    const plain = Buffer.from(this.#text);
    gzip(plain, { level }, (error, packed) => {
      const isShorter = error === null && packed.length < plain.length;
      const frame = isShorter ? Frame.ofBinary(packed) : Frame.ofText(this.#text);
      this.#frame = frame;
      this.#text = "";
      const waiters = this.#waiters ?? [];
      this.#waiters = undefined;
      for (const each of waiters) each.onFrameReady(frame);
    });
  }
}
