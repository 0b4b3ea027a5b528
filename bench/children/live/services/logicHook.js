import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { sql } from "@peek/plugin-base/storage";
import { AddRecord, NewestTuple, SampleTuple } from "../contracts.js";
import { publish } from "./publish.js";

/** The bench's plugin on logic. */
export class LogicHook extends PluginLogicEntryHookABC {
  load() {}

  start() {
    const { observables, actions, storage } = this.platform;
    const { published } = JSON.parse(process.env.PEEK_BENCH);
    if (published !== undefined) {
      // It ends when the bench ends the process.
      void publish(observables, published);
      return;
    }
    observables.provide(SampleTuple, {
      tables: ["sample"],
      load: () => storage.db.selectFrom("sample").select(["id", "value"]).orderBy("id").execute(),
    });
    observables.provide(NewestTuple, {
      tables: ["entry"],
      load: async () => {
        const { newest } = await storage.db
          .selectFrom("entry")
          .select(sql`coalesce(max(id), 0)`.as("newest"))
          .executeTakeFirstOrThrow();
        return [{ id: 1, newest }];
      },
    });
    actions.handle(AddRecord, async (action, { transaction }) => {
      await transaction.insertInto("record").values(action).execute();
    });
  }

  stop() {}

  unload() {}
}
