import { type Rate, TokenBucket } from "./TokenBucket.ts";

/** How many buckets are kept before full ones are discarded. */
const firstSweepAt = 10_000;

/** A token bucket for each key, such as a user: one that exceeds the rate waits, and nobody else. */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweepAt = firstSweepAt;

  /** @param now A monotonic clock, in milliseconds. Default: `performance.now()`. */
  constructor(rate: Rate, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
  }

  /** How many buckets are kept. */
  get size(): number {
    return this.#buckets.size;
  }

  bucketOf(key: string): TokenBucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= this.#sweepAt) this.#sweep();
    const bucket = new TokenBucket(this.#rate, this.#now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** A full bucket is as good as a new one. */
  #sweep(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(key);
    this.#sweepAt = Math.max(firstSweepAt, 2 * this.#buckets.size);
  }
}
