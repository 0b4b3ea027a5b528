/** How fast actions are taken of one user. */
export interface ActionRate {
  /** How many in a second, in the long run. */
  readonly perSecond: number;
  /** How many at once, of a user of whom none came for a while: of a device that was offline. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** How many users are remembered before those are forgotten that have all their tokens again. */
const sweepAt = 10_000;

/** A token bucket for each user: one who pushes without end has to wait, and nobody else. */
export class ActionRates {
  readonly #rate: ActionRate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();
  #sweepAt = sweepAt;

  /** @param now A clock that nobody sets; milliseconds. */
  constructor(rate: ActionRate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /**
   * Takes a token of a user.
   *
   * @returns 0 when there was one; else after how long it is worth trying again; milliseconds.
   */
  take(user: string): number {
    const { perSecond, burst } = this.#rate;
    const now = this.#now();
    const bucket = this.#buckets.get(user) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (this.#buckets.size >= this.#sweepAt) this.#sweep(now);
    this.#buckets.set(user, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
    bucket.tokens -= 1;
    return 0;
  }

  /** How many users are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  #sweep(now: number): void {
    const { perSecond, burst } = this.#rate;
    for (const [user, { tokens, at }] of this.#buckets) {
      if (tokens + ((now - at) / 1000) * perSecond >= burst) this.#buckets.delete(user);
    }
    this.#sweepAt = Math.max(sweepAt, 2 * this.#buckets.size);
  }
}
