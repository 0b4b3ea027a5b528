import type { Batch } from "./LineQueue.ts";

/** A partly written batch: the rest is written next, so that no line is cut or written twice. */
export class PendingBatch {
  readonly #batch: Batch;
  #written = 0;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  /** The bytes that are not written yet. */
  get rest(): Buffer {
    return this.#batch.bytes.subarray(this.#written);
  }

  /** How many lines are not completely written. */
  get lines(): number {
    return this.#batch.ends.filter((end) => end > this.#written).length;
  }

  get isDone(): boolean {
    return this.#written >= this.#batch.bytes.length;
  }

  /** Counts written bytes. */
  advance(bytes: number): void {
    this.#written += bytes;
  }
}
