/** A difference between the two clocks that is more than their drift, and no sleep worth the name; milliseconds. */
const driftMs = 1000;

/**
 * Milliseconds that only go forward, and go on while the device sleeps: in some browsers, `performance.now()` stands still then.
 * A wall clock that is set forward looks like sleep; one that is set back changes nothing.
 */
export class WakefulClock {
  #monotonic = performance.now();
  #wall = Date.now();
  #slept = 0;

  readonly now = (): number => {
    const monotonic = performance.now();
    const wall = Date.now();
    const slept = wall - this.#wall - (monotonic - this.#monotonic);
    if (slept > driftMs) this.#slept += slept;
    this.#monotonic = monotonic;
    this.#wall = wall;
    return monotonic + this.#slept;
  };

  /** A time by this clock, as the device's own clock shows it, be that right or wrong. */
  readonly dateOf = (at: number): Date => {
    return new Date(Date.now() - Math.max(0, this.now() - at));
  };
}
