import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { Backoff } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";

/** The options of {@link retryWhileUnavailable}. */
export interface RetryOptions {
  /** The total time of all attempts. */
  readonly retryMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** After this time, each failed attempt is logged as a warning. Default: 10,000. */
  readonly warnAfterMs?: number;
}

const firstDelayMs = 250;
const maxDelayMs = 5000;

/**
 * Retries work as long as it fails with `STORAGE_UNAVAILABLE`. Each reason is logged once as information, since services
 * that start together find each other soon; after `warnAfterMs`, each failed attempt is logged as a warning.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE` after `retryMs` or when the signal aborts; any other error at once.
 */
export async function retryWhileUnavailable<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retryMs, logger, signal, warnAfterMs = 10_000 } = options;
  const began = performance.now();
  const logged = new Set<string>();
  const backoff = new Backoff({ firstMs: firstDelayMs, maxMs: maxDelayMs, fixedShare: 0.5 });
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      const elapsedMs = performance.now() - began;
      const remainingMs = retryMs - elapsedMs;
      if (remainingMs <= 0 || signal.aborted) throw error;
      const delayMs = Math.min(backoff.next(), remainingMs);
      const isLate = elapsedMs > warnAfterMs;
      if (isLate || !logged.has(error.message)) {
        logged.add(error.message);
        const delaySeconds = (delayMs / 1000).toFixed(1);
        const line = "%s Trying again in %s s, for %d s more";
        logger[isLate ? "warning" : "info"](line, error.message, delaySeconds, Math.round(remainingMs / 1000));
      }
      await delay(delayMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
