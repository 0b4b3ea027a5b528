/** Differences between the two clocks up to this are their drift and their grain; milliseconds. */
const driftMs = 1000;

/**
 * Milliseconds that only go forward, and go on while the device sleeps: in some browsers, `performance.now()` stands still then.
 * A wall clock that is set forward looks like sleep; one that is set back changes nothing.
 */
export class MonotonicClock {
  #slept = 0;
  /** What the wall clock is ahead of this one. */
  #ahead = Date.now() - performance.now();

  readonly now = (): number => {
    const now = performance.now() + this.#slept;
    const moved = Date.now() - now - this.#ahead;
    if (Math.abs(moved) <= driftMs) return now;
    if (moved < 0) {
      this.#ahead += moved;
      return now;
    }
    this.#slept += moved;
    return now + moved;
  };

  /** A time by this clock, as the device's own clock shows it, be that right or wrong: the same for the same time. */
  readonly dateOf = (at: number): Date => {
    const now = this.now();
    return new Date(Math.min(at, now) + this.#ahead);
  };
}
