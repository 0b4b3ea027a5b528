import { type PluginStorage, sql } from "@peek/plugin-base/storage";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** How often a text is there, and what its numbers are together. */
export interface Total {
  readonly string1: string;
  readonly count: bigint;
  readonly sum: bigint;
}

/** Looks at the whole table string_int, however large it is. */
export class StringIntReport {
  readonly #storage: PluginStorage<TutorialTables>;

  constructor(storage: PluginStorage<TutorialTables>) {
    this.#storage = storage;
  }

  /** How many rows there are. PostgreSQL counts in bigint, which is a number after this: exact up to 2^53. */
  async count(): Promise<number> {
    const { count } = await this.#storage.db
      .selectFrom("string_int")
      .select(({ fn }) => fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** SQL as it is. What is in `${}` is a parameter: it never becomes part of the SQL. */
  async totals(least: number): Promise<readonly Total[]> {
    const { rows } = await sql<Total>`
      SELECT string1, count(*) AS count, sum(int1) AS sum
      FROM string_int
      WHERE int1 >= ${least}
      GROUP BY string1
      ORDER BY string1
    `.execute(this.#storage.db);
    return rows;
  }

  /** The longest text. Of the rows, 1000 are in memory at a time. */
  async longest(): Promise<string> {
    let longest = "";
    for await (const { string1 } of this.#storage.db.selectFrom("string_int").select("string1").stream(1000)) {
      if (string1.length > longest.length) longest = string1;
    }
    return longest;
  }
}
