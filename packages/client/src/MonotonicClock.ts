/** Smaller differences between the two clocks are drift or rounding. */
const driftMs = 1000;

/**
 * A monotonic clock that also advances while the device sleeps, as `performance.now()` does not in some browsers. A wall clock that is
 * set forward looks like sleep; setting it back has no effect.
 */
export class MonotonicClock {
  #sleptMs = 0;
  /** By how much the wall clock is ahead of this clock. */
  #offsetMs = Date.now() - performance.now();

  readonly now = (): number => {
    const now = performance.now() + this.#sleptMs;
    const moved = Date.now() - now - this.#offsetMs;
    if (Math.abs(moved) <= driftMs) return now;
    if (moved < 0) {
      this.#offsetMs += moved;
      return now;
    }
    this.#sleptMs += moved;
    return now + moved;
  };

  /** A time of this clock as the device's wall clock shows it, right or wrong. */
  readonly dateOf = (at: number): Date => {
    const now = this.now();
    return new Date(Math.min(at, now) + this.#offsetMs);
  };
}
