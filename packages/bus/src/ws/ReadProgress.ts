import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * Whether a connection receives data. Every byte counts as a sign of life: a large frame may take many heartbeats to arrive, and
 * the answer to a ping queues behind it.
 */
export class ReadProgress {
  readonly #stream: Duplex;
  #bytes = 0;
  #silentBeats = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** To be called with each heartbeat. Returns for how many heartbeats in a row nothing was received. */
  beat(): number {
    const bytes = this.#stream instanceof Socket ? this.#stream.bytesRead : 0;
    this.#silentBeats = bytes === this.#bytes ? this.#silentBeats + 1 : 0;
    this.#bytes = bytes;
    return this.#silentBeats;
  }

  /** Starts counting anew. */
  reset(): void {
    this.#silentBeats = 0;
  }
}
