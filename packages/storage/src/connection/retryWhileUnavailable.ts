import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
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

const firstWaitMs = 250;
const longestWaitMs = 5000;

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
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      const elapsedMs = performance.now() - began;
      const remainingMs = retryMs - elapsedMs;
      if (remainingMs <= 0 || signal.aborted) throw error;
      const pauseMs = Math.min(waitMs, remainingMs);
      const isLate = elapsedMs > warnAfterMs;
      if (isLate || !logged.has(error.message)) {
        logged.add(error.message);
        const pause = (pauseMs / 1000).toFixed(1);
        const line = "%s Trying again in %s s, for %d s more";
        logger[isLate ? "warning" : "info"](line, error.message, pause, Math.round(remainingMs / 1000));
      }
      await wait(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
