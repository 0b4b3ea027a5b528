import { jsonb, type PluginStorage, sql } from "@peek/plugin-base/storage";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** Access to the plugin's settings in the table setting_property. */
export class Settings {
  readonly #storage: PluginStorage<TutorialTables>;

  constructor(storage: PluginStorage<TutorialTables>) {
    this.#storage = storage;
  }

  /** The value of a setting; undefined if it was never set. */
  async get(key: string): Promise<unknown> {
    const row = await this.#storage.db
      .selectFrom("setting_property")
      .select("value")
      .where("key", "=", key)
      .executeTakeFirst();
    return row?.value;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#storage.db
      .insertInto("setting_property")
      .values({ key, value: jsonb(value), changed_at: sql`now()` })
      .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: jsonb(value), changed_at: sql`now()` }))
      .execute();
  }
}
