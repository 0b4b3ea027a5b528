/** Options of a {@link Backoff}. */
export interface BackoffOptions {
  /** The longest wait before the first retry. It doubles with each further one. Default: 100. */
  readonly firstMs?: number;
  /** Default: 5,000. */
  readonly maxMs?: number;
  /** The part of a wait that is not random, from 0 to 1. Default: 0.3. */
  readonly fixedShare?: number;
}

/**
 * How long to wait before a retry: exponential backoff with jitter, so that many peers that failed together do not come back
 * together.
 *
 * @param retry 0 for the first retry.
 */
export function backoffMs(
  retry: number,
  { firstMs = 100, maxMs = 5000, fixedShare = 0.3 }: BackoffOptions = {},
): number {
  return Math.min(maxMs, firstMs * 2 ** retry) * (fixedShare + (1 - fixedShare) * Math.random());
}

/** Counts the attempts of one operation, and computes the waits between them by {@link backoffMs}. */
export class Backoff {
  readonly #options: BackoffOptions;
  #attempts = 0;

  constructor(options: BackoffOptions = {}) {
    this.#options = options;
  }

  /** How many waits were computed since the construction or the last reset. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const ms = backoffMs(this.#attempts, this.#options);
    this.#attempts += 1;
    return ms;
  }

  /** Starts over, after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
