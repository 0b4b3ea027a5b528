import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";

/** How a start waits for a database. */
export interface RetryOptions {
  /** After this long it is given up; milliseconds. */
  readonly retryMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** From when on each try is told, as a warning; milliseconds. Default: 10,000. */
  readonly warnAfterMs?: number;
}

const firstWaitMs = 250;
const longestWaitMs = 5000;

/**
 * Does what a database is needed for, again and again while that cannot be reached. That is told in a line when it begins and for each
 * further reason; after `warnAfterMs`, each try is told, as a warning: services that start together find each other before.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE` after the time, or by the signal; anything else at once.
 */
export async function retryWhileUnavailable<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retryMs, logger, signal, warnAfterMs = 10_000 } = options;
  const began = performance.now();
  const told = new Set<string>();
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      const passedMs = performance.now() - began;
      const leftMs = retryMs - passedMs;
      if (leftMs <= 0 || signal.aborted) throw error;
      const pauseMs = Math.min(waitMs, leftMs);
      const isLate = passedMs > warnAfterMs;
      if (isLate || !told.has(error.message)) {
        told.add(error.message);
        const pause = (pauseMs / 1000).toFixed(1);
        const line = "%s Trying again in %s s, for %d s more";
        logger[isLate ? "warning" : "info"](line, error.message, pause, Math.round(leftMs / 1000));
      }
      await wait(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
