import { setTimeout } from "node:timers/promises";

/** The rate of a {@link TokenBucket}. */
export interface Rate {
  /** How many tokens are added per second. */
  readonly perSecond: number;
  /** How many tokens a full bucket holds. */
  readonly burst: number;
}

/** Limits how often something happens. It begins full. */
export class TokenBucket {
  readonly #rate: Rate;
  readonly #now: () => number;
  #tokens: number;
  #refilledAt: number;

  /** @param now A monotonic clock, in milliseconds. Default: `performance.now()`. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
    this.#tokens = rate.burst;
    this.#refilledAt = now();
  }

  /** Whether the bucket is full. */
  get isFull(): boolean {
    this.#refill();
    return this.#tokens === this.#rate.burst;
  }

  /** How long it takes until there is a token; 0 when there is one. */
  get waitMs(): number {
    this.#refill();
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1000);
  }

  /** Takes a token, if there is one. Returns whether there was. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /**
   * Takes a token as soon as there is one. Calls are served in their order.
   *
   * @throws The signal's reason.
   */
  async take(signal: AbortSignal): Promise<void> {
    this.#refill();
    this.#tokens -= 1;
    if (this.#tokens >= 0) return;
    try {
      await setTimeout((-this.#tokens / this.#rate.perSecond) * 1000, undefined, { signal });
    } catch {
      this.#tokens += 1;
      signal.throwIfAborted();
    }
  }

  #refill(): void {
    const { perSecond, burst } = this.#rate;
    const now = this.#now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#refilledAt) / 1000) * perSecond);
    this.#refilledAt = now;
  }
}
