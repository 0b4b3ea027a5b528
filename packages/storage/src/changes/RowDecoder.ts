import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { parserOf } from "../access/valueParsers.ts";
import { parseRecord } from "./parseRecord.ts";

/** Rows as the triggers note them: see changesLayoutSql.ts. */
export interface NotedRows {
  /** The names of the columns, with the numbers of their types. */
  readonly columns: readonly (readonly [name: string, type: number])[];
  /** The texts of the records. */
  readonly records: readonly string[];
}

export const notedRowsSchema: z.ZodType<NotedRows> = z.object({
  columns: z.array(z.tuple([z.string(), z.number()])),
  records: z.array(z.string()),
});

/** Types with smaller numbers are PostgreSQL's own, which are no domains. Source: transam.h, FirstGenbkiObjectId. */
const firstOther = 10_000;

const baseTypesQuery = `
  WITH RECURSIVE based AS (
    SELECT oid AS type, oid AS base FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])
    UNION ALL
    SELECT based.type, typbasetype FROM based JOIN pg_catalog.pg_type ON pg_type.oid = base WHERE typtype = 'd'
  )
  SELECT type, base FROM based JOIN pg_catalog.pg_type ON pg_type.oid = base WHERE typtype <> 'd'`;

const baseTypeSchema = z.object({ type: z.number(), base: z.number() });

/** Makes of noted rows what a plugin gets when it selects them. */
export class RowDecoder {
  /** Of types that may be domains, what they are based on; that never changes. */
  readonly #bases = new Map<number, number>();

  /**
   * @param lent The connection that the rows were read on.
   * @returns For each of the notes its rows; undefined where its types are not there any more.
   * @throws PeekError as the connection.
   */
  async decode(
    lent: LentClient,
    notes: readonly (NotedRows | undefined)[],
  ): Promise<readonly (readonly Readonly<Record<string, unknown>>[] | undefined)[]> {
    const types = notes.flatMap((note) => note?.columns.map(([, type]) => type) ?? []);
    await this.#findBases(lent, new Set(types.filter((type) => type >= firstOther && !this.#bases.has(type))));
    return notes.map((note) => note && this.#rowsOf(note));
  }

  async #findBases(lent: LentClient, types: ReadonlySet<number>): Promise<void> {
    if (types.size === 0) return;
    const { rows } = await lent.query(baseTypesQuery, [[...types]]);
    for (const { type, base } of rows.map((row) => baseTypeSchema.parse(row))) this.#bases.set(type, base);
  }

  #rowsOf({ columns, records }: NotedRows): readonly Readonly<Record<string, unknown>>[] | undefined {
    const parsers = columns.map(([name, type]) => {
      const base = type < firstOther ? type : this.#bases.get(type);
      return base === undefined ? undefined : { name, parse: parserOf(base) };
    });
    if (parsers.includes(undefined)) return undefined;
    return records.map((record) => {
      const fields = parseRecord(record);
      const entries = parsers.map((column, index): readonly [string, unknown] => {
        const text = fields[index] ?? null;
        return [column?.name ?? "", text === null ? null : column?.parse(text)];
      });
      return Object.fromEntries(entries);
    });
  }
}
