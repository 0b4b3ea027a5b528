/** How long it is looked at how often something happens; milliseconds. */
const windowMs = { asleep: 100, awake: 500 } as const;
/** In that time, so many notifications wake the reader: 150 in a second. */
const notificationsToWake = 15;
/** Fewer changes found in that time let it sleep again: 50 in a second. */
const findsToStay = 25;

/**
 * Whether the reader waits to be notified, or looks by itself. A NOTIFY takes a lock of the whole server at its commit,
 * so that with many of them writers wait for each other.
 */
export class WakePolicy {
  #awake = false;
  #since = -Infinity;
  #count = 0;

  get awake(): boolean {
    return this.#awake;
  }

  /** @param now Milliseconds of a clock that only goes forward. @returns Whether the reader is to wake up. */
  notified(now: number): boolean {
    if (this.#awake) return false;
    if (now - this.#since > windowMs.asleep) this.#restart(now);
    this.#count += 1;
    return this.#count >= notificationsToWake;
  }

  /** The reader has looked by itself. @returns Whether it is to sleep. */
  looked(found: boolean, now: number): boolean {
    if (!this.#awake) return false;
    if (found) this.#count += 1;
    if (now - this.#since < windowMs.awake) return false;
    const idle = this.#count < findsToStay;
    this.#restart(now);
    return idle;
  }

  /** It is so now. */
  set(awake: boolean, now: number): void {
    this.#awake = awake;
    this.#restart(now);
  }

  #restart(now: number): void {
    this.#since = now;
    this.#count = 0;
  }
}
