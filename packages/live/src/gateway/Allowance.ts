import { setTimeout } from "node:timers/promises";

/** How many channels a user may ask for at once that nobody watches, and how many more in each second. */
const burst = 2000;
const perSecond = 100;

/**
 * How many channels a user may still ask for that nobody watches: each has logic open one, which it keeps for some time after it
 * was left. Whoever has asked for too many waits.
 */
export class Allowance {
  #left = burst;
  #at = performance.now();

  /** Whether it is as one that nothing was taken of. */
  get isFull(): boolean {
    this.#refill();
    return this.#left === burst;
  }

  /** Takes one, if there is one now. */
  tryTake(): boolean {
    this.#refill();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /**
   * Takes one as soon as it is there.
   *
   * @throws The signal's reason.
   */
  async take(signal: AbortSignal): Promise<void> {
    this.#refill();
    this.#left -= 1;
    if (this.#left >= 0) return;
    try {
      await setTimeout((-this.#left / perSecond) * 1000, undefined, { signal });
    } catch {
      this.#left += 1;
      signal.throwIfAborted();
    }
  }

  #refill(): void {
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
  }
}
