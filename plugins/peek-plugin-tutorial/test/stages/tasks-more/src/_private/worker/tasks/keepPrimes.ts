import { jsonb, sql } from "@peek/plugin-base/storage";
import { defineTaskHandler, type PeekWorkerPlatformHook } from "@peek/plugin-base/worker";
import { CountPrimes } from "../../contracts/CountPrimes.ts";
import { KeepPrimes } from "../../contracts/KeepPrimes.ts";
import type { TutorialTables } from "../../storage/TutorialTables.ts";

/** Runs the count in a thread, and stores it as a setting of the plugin. It can be repeated: the count is the same. */
export const keepPrimes = ({ storage, tasks }: PeekWorkerPlatformHook<TutorialTables>) =>
  defineTaskHandler(import.meta, KeepPrimes, async ({ upTo }, { signal }) => {
    const count = await tasks.run(CountPrimes, { upTo }, { deadlineMs: 500_000, signal });
    const kept = { value: jsonb(count), changed_at: sql<Date>`now()` };
    await storage.db
      .insertInto("setting_property")
      .values({ key: `primes up to ${upTo}`, ...kept })
      .onConflict((conflict) => conflict.column("key").doUpdateSet(kept))
      .execute();
  });
