import type { Logger } from "@peek/plugin-base";
import { jsonb, type PluginStorage, sql } from "@peek/plugin-base/storage";
import { defineTaskHandler } from "@peek/plugin-base/worker";
import { SpecificNumber } from "../../contracts/SpecificNumber.ts";
import type { TutorialTables } from "../../storage/TutorialTables.ts";

/** Stores the number as a setting of the plugin. */
export const specificNumber = (storage: PluginStorage<TutorialTables>, logger: Logger) =>
  defineTaskHandler(import.meta, SpecificNumber, async (number) => {
    const kept = { value: jsonb(number), changed_at: sql<Date>`now()` };
    await storage.db
      .insertInto("setting_property")
      .values({ key: "specific number", ...kept })
      .onConflict((conflict) => conflict.column("key").doUpdateSet(kept))
      .execute();
    logger.info("The number is %d", number);
  });
