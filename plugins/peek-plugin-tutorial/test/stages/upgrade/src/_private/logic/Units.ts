import type { PluginStorage } from "@peek/plugin-base/storage";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** The units of the numbers, since version 1.1.0. */
export class Units {
  readonly #storage: PluginStorage<TutorialTables>;

  constructor(storage: PluginStorage<TutorialTables>) {
    this.#storage = storage;
  }

  /** Gives a unit to the rows that have none: those of version 1.0.0. @returns How many. */
  async complete(unit: string): Promise<number> {
    const { numUpdatedRows } = await this.#storage.db
      .updateTable("string_int")
      .set({ unit })
      .where("unit", "=", "")
      .executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  }
}
