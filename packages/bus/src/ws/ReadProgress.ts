import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Whether anything comes in over a connection. Every byte counts: a large frame may be on its way for longer than many
 * heartbeats, and whatever else is sent waits behind it.
 */
export class ReadProgress {
  readonly #stream: Duplex;
  #bytes = 0;
  #silentBeats = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** To be called with each heartbeat: for how many, one after the other, nothing has come in. */
  beat(): number {
    const bytes = this.#stream instanceof Socket ? this.#stream.bytesRead : 0;
    this.#silentBeats = bytes === this.#bytes ? this.#silentBeats + 1 : 0;
    this.#bytes = bytes;
    return this.#silentBeats;
  }

  /** Forgets for how long nothing has come in. */
  excuse(): void {
    this.#silentBeats = 0;
  }
}
