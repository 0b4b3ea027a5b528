import type { PluginStorage, Selectable } from "@peek/plugin-base/storage";
import type { StringIntTable, TutorialTables } from "../storage/TutorialTables.ts";

/** A row of the table string_int. */
export type StringInt = Selectable<StringIntTable>;

/** Access to the table string_int. */
export class StringInts {
  readonly #storage: PluginStorage<TutorialTables>;

  constructor(storage: PluginStorage<TutorialTables>) {
    this.#storage = storage;
  }

  async all(): Promise<readonly StringInt[]> {
    return await this.#storage.db.selectFrom("string_int").selectAll().orderBy("id").execute();
  }

  async add(string1: string, int1: number): Promise<StringInt> {
    return await this.#storage.db
      .insertInto("string_int")
      .values({ string1, int1 })
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  /** Moves an amount from the number of one row to that of another: changes both rows, or neither. */
  async move(amount: number, from: number, to: number): Promise<void> {
    await this.#storage.transaction(async (db) => {
      for (const [id, change] of [
        [from, -amount],
        [to, amount],
      ] as const) {
        await db
          .updateTable("string_int")
          .set((row) => ({ int1: row("int1", "+", change) }))
          .where("id", "=", id)
          .returning("id")
          .executeTakeFirstOrThrow();
      }
    });
  }
}
