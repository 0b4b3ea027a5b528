interface Bucket {
  tokens: number;
  at: number;
}

const maxKeys = 10_000;

/** How many failures are borne. */
export interface ThrottleRate {
  /** So many at once. */
  readonly burst: number;
  /** After this long, one more; milliseconds. */
  readonly refillMs: number;
}

/** Counts failures of one kind of key, such as names; each may fail so often. Keys that fail no more are forgotten. */
export class LoginThrottle {
  readonly #rate: ThrottleRate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: ThrottleRate) {
    this.#rate = rate;
  }

  /** Whether a key may try. */
  allows(key: string): boolean {
    const bucket = this.#buckets.get(key);
    return bucket === undefined || this.#filled(bucket, performance.now()).tokens >= 1;
  }

  /** A key tries: that counts as a failure until {@link succeeded}. */
  count(key: string): void {
    const now = performance.now();
    const bucket = this.#filled(this.#buckets.get(key) ?? { tokens: this.#rate.burst, at: now }, now);
    bucket.tokens -= 1;
    // The ones that were used last are at the end.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    this.#forget();
  }

  /** It was no failure. */
  succeeded(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + 1);
  }

  #filled(bucket: Bucket, now: number): Bucket {
    const { burst, refillMs } = this.#rate;
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    bucket.at = now;
    return bucket;
  }

  #forget(): void {
    if (this.#buckets.size <= maxKeys) return;
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
