import { gzip } from "node:zlib";
import type { ChannelMessage } from "./proxy/ChannelSource.ts";
import { Frame } from "./Frame.ts";

/** Snapshots longer than this are compressed; characters. */
const compressFrom = 16 * 1024;
/** zlib's: it is done once for all, and yet while somebody waits. */
const level = 1;
/** UTF-8's, for one of a text's characters of 16 bits. */
const maxBytesPerCharacter = 3;

/** Waits until a frame is made. */
export interface FrameWaiter {
  onFrameReady(frame: Frame): void;
}

/** The frame of a message about a channel: made once, for all who are sent it. */
export class SharedFrame {
  /** Empty once there is a frame. */
  #text: string;
  #frame: Frame | undefined;
  #waiters: FrameWaiter[] | undefined;

  constructor(message: ChannelMessage) {
    const { text } = message;
    // What changes a little is short, and must not wait for other threads.
    const isPlain = text.length <= compressFrom || !text.startsWith('{"t":"s"');
    this.#frame = isPlain ? Frame.ofText(text) : undefined;
    this.#text = isPlain ? "" : text;
  }

  /** Undefined while it is being compressed. */
  get frame(): Frame | undefined {
    return this.#frame;
  }

  /** How much memory it takes; while it is being compressed, at most: the text, and its bytes before and after; bytes. */
  get size(): number {
    return this.#frame?.bytes.length ?? this.#text.length * maxBytesPerCharacter;
  }

  /** Has a waiter told, later, when there is a frame. */
  whenReady(waiter: FrameWaiter): void {
    if (this.#waiters !== undefined) {
      this.#waiters.push(waiter);
      return;
    }
    this.#waiters = [waiter];
    const plain = Buffer.from(this.#text);
    gzip(plain, { level }, (error, packed) => {
      const isWorthIt = error === null && packed.length < plain.length;
      const frame = isWorthIt ? Frame.ofBinary(packed) : Frame.ofText(this.#text);
      this.#frame = frame;
      this.#text = "";
      const waiters = this.#waiters ?? [];
      this.#waiters = undefined;
      for (const each of waiters) each.onFrameReady(frame);
    });
  }
}
