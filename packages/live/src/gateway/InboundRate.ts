import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What a browser may send at once, and how much more of that with each tick, of which there is one in a second. */
const messageBurst = 3000;
const messagesPerTick = 1000;
const byteBurst = 16 * 1024 * 1024;
const bytesPerTick = 2 * 1024 * 1024;

/**
 * How much a browser may still send: messages, pings and pongs, and all bytes that come in, of whatever frames and parts of
 * frames.
 */
export class InboundRate {
  readonly #socket: Duplex;
  #messagesLeft = messageBurst;
  #bytesLeft = byteBurst;
  /** How much of what has come in was counted. */
  #counted = 0;

  /** @param socket What is below the WebSocket. */
  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Counts a message, a ping or a pong. Returns false when it was one too many. */
  take(): boolean {
    this.#messagesLeft -= 1;
    this.#countBytes();
    return this.#isKept;
  }

  /** To be called with each tick. Returns false when more has come than may. */
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
