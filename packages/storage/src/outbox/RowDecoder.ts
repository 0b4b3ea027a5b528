import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { parserOf } from "../query/valueParsers.ts";
import { parseRecord } from "./parseRecord.ts";

/** Rows as the triggers record them: see outboxLayoutSql.ts. */
export interface CapturedRows {
  /** The names of the columns, with the OIDs of their types. */
  readonly columns: readonly (readonly [name: string, type: number])[];
  /** The rows, in the text format of records. */
  readonly records: readonly string[];
}

export const capturedRowsSchema: z.ZodType<CapturedRows> = z.object({
  columns: z.array(z.tuple([z.string(), z.number()])),
  records: z.array(z.string()),
});

/** Types with a smaller OID are built in, and none of them is a domain. Source: transam.h, FirstGenbkiObjectId. */
const firstCustomOid = 10_000;

const baseTypesQuery = `
  WITH RECURSIVE based AS (
    SELECT oid AS type, oid AS base FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[])
    UNION ALL
    SELECT based.type, typbasetype FROM based JOIN pg_catalog.pg_type ON pg_type.oid = base WHERE typtype = 'd'
  )
  SELECT type, base FROM based JOIN pg_catalog.pg_type ON pg_type.oid = base WHERE typtype <> 'd'`;

const baseTypeSchema = z.object({ type: z.number(), base: z.number() });

/** Decodes captured rows to the values that a plugin gets when it selects them. */
export class RowDecoder {
  /** The base types of types that may be domains. They never change. */
  readonly #bases = new Map<number, number>();

  /**
   * @param connection The connection on which they were read.
   * @returns The rows of each change; undefined where one of the types does not exist any more.
   * @throws PeekError as the connection.
   */
  async decode(
    connection: PooledConnection,
    changes: readonly (CapturedRows | undefined)[],
  ): Promise<readonly (readonly Readonly<Record<string, unknown>>[] | undefined)[]> {
    const types = changes.flatMap((change) => change?.columns.map(([, type]) => type) ?? []);
    await this.#findBases(
      connection,
      new Set(types.filter((type) => type >= firstCustomOid && !this.#bases.has(type))),
    );
    return changes.map((change) => change && this.#rowsOf(change));
  }

  async #findBases(connection: PooledConnection, types: ReadonlySet<number>): Promise<void> {
    if (types.size === 0) return;
    const { rows } = await connection.query(baseTypesQuery, [[...types]]);
    for (const { type, base } of rows.map((row) => baseTypeSchema.parse(row))) this.#bases.set(type, base);
  }

  #rowsOf({ columns, records }: CapturedRows): readonly Readonly<Record<string, unknown>>[] | undefined {
    const parsers = columns.map(([name, type]) => {
      const base = type < firstCustomOid ? type : this.#bases.get(type);
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
