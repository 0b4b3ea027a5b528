import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";

/** How a start waits for a database. */
export interface RetryOptions {
  /** After this long it is given up; milliseconds. */
  readonly retryMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const firstWaitMs = 250;
const longestWaitMs = 5000;

/**
 * Does what a database is needed for, again and again while that cannot be reached: each time is told in one line.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE` after the time, or by the signal; anything else at once.
 */
export async function retryWhileUnavailable<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retryMs, logger, signal } = options;
  const began = performance.now();
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      const leftMs = retryMs - (performance.now() - began);
      if (leftMs <= 0 || signal.aborted) throw error;
      const pauseMs = Math.min(waitMs, leftMs);
      logger.warning(
        "%s Trying again in %s s, for %d s more",
        error.message,
        (pauseMs / 1000).toFixed(1),
        Math.round(leftMs / 1000),
      );
      await wait(pauseMs, undefined, { signal }).catch(() => {
        throw error;
      });
    }
  }
}
