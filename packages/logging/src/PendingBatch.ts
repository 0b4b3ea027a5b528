import type { Batch } from "./LineQueue.ts";

/** Lines of which some may be written already: what is left is written next, so that no line is cut or there twice. */
export class PendingBatch {
  readonly #batch: Batch;
  #written = 0;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** What is still to be written. */
  get rest(): Buffer {
    return this.#batch.bytes.subarray(this.#written);
  }

  /** How many lines are not wholly written. */
  get lines(): number {
    return this.#batch.ends.filter((end) => end > this.#written).length;
  }

  get isDone(): boolean {
    return this.#written >= this.#batch.bytes.length;
  }

  /** So many more bytes have been written. */
  advance(bytes: number): void {
    this.#written += bytes;
  }
}
