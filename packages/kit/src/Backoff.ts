/** How long to wait before each attempt to connect: all but at once after the first failure, then longer and longer. */
export class Backoff {
  readonly #maxMs: number;
  #attempts = 0;

  /** @param maxMs The longest wait; milliseconds. Default: 5000. */
  constructor(maxMs = 5000) {
    this.#maxMs = maxMs;
  }

  /** How often it was asked since the beginning. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * What to wait now; milliseconds. Partly at random, so that many who lost the same peer do not come back in step.
   */
  next(): number {
    const longest = Math.min(this.#maxMs, 100 * 2 ** this.#attempts);
    this.#attempts += 1;
    return longest * (0.3 + 0.7 * Math.random());
  }

  /** Begins again, after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
