import type { Logger } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { CountPrimes } from "../contracts/CountPrimes.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** Runs the count on a worker, and logs its progress. */
export async function countPrimes(
  { tasks, signal }: PeekLogicPlatformHook<TutorialTables>,
  logger: Logger,
): Promise<void> {
  const onProgress = (percent: unknown): void => logger.debug("Counted %d %", percent);
  const count = await tasks.run(CountPrimes, { upTo: 1_000_000 }, { deadlineMs: 300_000, signal, onProgress });
  logger.info("There are %d prime numbers", count);
}
