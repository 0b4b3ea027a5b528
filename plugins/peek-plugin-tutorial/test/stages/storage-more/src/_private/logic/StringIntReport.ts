import { type PluginStorage, sql } from "@peek/plugin-base/storage";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** How often a text occurs, and the sum of its numbers. */
export interface Total {
  readonly string1: string;
  readonly count: bigint;
  readonly sum: bigint;
}

/** Reports on the whole table string_int, of any size. */
export class StringIntReport {
  readonly #storage: PluginStorage<TutorialTables>;

  constructor(storage: PluginStorage<TutorialTables>) {
    this.#storage = storage;
  }

  /** The number of rows. PostgreSQL counts in bigint; as a number it is exact up to 2^53. */
  async count(): Promise<number> {
    const { count } = await this.#storage.db
      .selectFrom("string_int")
      .select(({ fn }) => fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Plain SQL. A value in `${}` is a parameter: it never becomes part of the SQL. */
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

  /** The longest text. At most 1000 rows are in memory at a time. */
  async longest(): Promise<string> {
    let longest = "";
    for await (const { string1 } of this.#storage.db.selectFrom("string_int").select("string1").stream(1000)) {
      if (string1.length > longest.length) longest = string1;
    }
    return longest;
  }
}
