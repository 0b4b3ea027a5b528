/** How long the first try after a cut waits at most. */
const atOnceMs = 300;
const firstMs = 500;
const longestMs = 8000;

/**
 * How long to wait before each try to connect: all but at once after a connection that had stood, then longer and longer. All
 * at random, so that many who lost the same service do not come back in step.
 */
export class ReconnectBackoff {
  #tries = 0;

  /** What to wait now; milliseconds. */
  next(): number {
    const longest = this.#tries === 0 ? atOnceMs : Math.min(longestMs, firstMs * 2 ** (this.#tries - 1));
    this.#tries += 1;
    return Math.random() * longest;
  }

  /** Begins again. */
  reset(): void {
    this.#tries = 0;
  }

  /** Waits long from now on. */
  slowDown(): void {
    this.#tries = Math.max(this.#tries, 5);
  }
}
