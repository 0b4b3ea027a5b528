interface Bucket {
  tokens: number;
  filledAt: number;
}

const maxBuckets = 10_000;

/** The size and the refill of a token bucket. */
export interface BucketRate {
  /** The capacity. */
  readonly burst: number;
  /** How long it takes to add one token. */
  readonly refillMs: number;
}

/** A token bucket for each key, such as a name. Of more than 10,000 keys, the least recently used ones are forgotten. */
export class KeyedTokenBuckets {
  readonly #rate: BucketRate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: BucketRate) {
    this.#rate = rate;
  }

  /** Whether the bucket of a key has a token. */
  hasToken(key: string): boolean {
    const bucket = this.#buckets.get(key);
    return bucket === undefined || this.#filled(bucket, performance.now()).tokens >= 1;
  }

  /** Takes a token, even if the bucket has none. */
  take(key: string): void {
    const now = performance.now();
    const bucket = this.#filled(this.#buckets.get(key) ?? { tokens: this.#rate.burst, filledAt: now }, now);
    bucket.tokens -= 1;
    // Keeps the least recently used keys at the beginning.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#forgetOldest();
  }

  /** Returns a token. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + 1);
  }

  #filled(bucket: Bucket, now: number): Bucket {
    const { burst, refillMs } = this.#rate;
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.filledAt) / refillMs);
    bucket.filledAt = now;
    return bucket;
  }

  #forgetOldest(): void {
    if (this.#buckets.size <= maxBuckets) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
