import { Socket } from "node:net";
import type { Duplex } from "node:stream";

const messageBurst = 3000;
const messagesPerTick = 1000;
const byteBurst = 16 * 1024 * 1024;
const bytesPerTick = 2 * 1024 * 1024;

/**
 * Two token buckets of what a browser sends, refilled with each tick, of which there is one in a second: messages, pings and pongs;
 * and all received bytes, of all kinds of frames and of incomplete frames.
 */
export class InboundLimit {
  readonly #socket: Duplex;
  #messagesLeft = messageBurst;
  #bytesLeft = byteBurst;
  /** How many of the received bytes were counted. */
  #counted = 0;

  /** @param socket The TCP or TLS socket below the WebSocket. */
  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Counts a message, a ping or a pong. Returns false when a bucket is empty. */
  take(): boolean {
    this.#messagesLeft -= 1;
    this.#countBytes();
    return this.#isKept;
  }

  /** To be called with each tick. Returns false when a bucket is empty. */
  tick(): boolean {
    this.#countBytes();
    const isKept = this.#isKept;
    this.#messagesLeft = Math.min(messageBurst, this.#messagesLeft + messagesPerTick);
    this.#bytesLeft = Math.min(byteBurst, this.#bytesLeft + bytesPerTick);
    return isKept;
  }

  get #isKept(): boolean {
    return this.#messagesLeft >= 0 && this.#bytesLeft >= 0;
  }

  #countBytes(): void {
    const bytes = this.#socket instanceof Socket ? this.#socket.bytesRead : 0;
    this.#bytesLeft -= bytes - this.#counted;
    this.#counted = bytes;
  }
}
