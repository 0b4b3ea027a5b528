import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";

/** A table that is to be followed. */
export interface WantedTable {
  readonly schema: string;
  readonly name: string;
  /** Whether somebody wants to know which rows. */
  readonly rows: boolean;
}

/** A table that is there, or a partition of it. */
export interface FoundTable {
  /** Its number in the database: another when it was dropped and made again. */
  readonly relation: number;
  /** The schema and the name by which it was asked for. */
  readonly schema: string;
  readonly name: string;
  /** What it is itself called in SQL, with its schema. */
  readonly title: string;
  /** The functions of those of its triggers that note what is changed. */
  readonly functions: readonly string[];
}

/** The operations that are noted, with what their triggers refer to. */
export const operations = {
  insert: "REFERENCING NEW TABLE AS peek_new",
  update: "REFERENCING OLD TABLE AS peek_old NEW TABLE AS peek_new",
  delete: "REFERENCING OLD TABLE AS peek_old",
  truncate: "",
} as const;

/** The names of the triggers. */
export const triggerNames: readonly string[] = Object.keys(operations).map((operation) => `peek_vortex_${operation}`);

const tablesQuery = `
  WITH RECURSIVE followed AS (
    SELECT class.oid, nspname::text AS schema, relname::text AS name
    FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
    WHERE (nspname, relname) IN (SELECT * FROM unnest($1::name[], $2::name[])) AND relkind IN ('r', 'p')
    UNION
    SELECT inhrelid, schema, name FROM followed JOIN pg_catalog.pg_inherits ON inhparent = followed.oid
  )
  SELECT
    class.oid AS relation,
    followed.schema,
    followed.name,
    pg_catalog.format('%I.%I', nspname, relname) AS title,
    ARRAY(
      SELECT proname::text FROM pg_catalog.pg_trigger AS trigger_ JOIN pg_catalog.pg_proc AS proc ON proc.oid = tgfoid
      WHERE tgrelid = class.oid AND tgname = ANY($3) AND tgenabled = 'A'
        AND pronamespace = 'peek_vortex'::pg_catalog.regnamespace
    ) AS functions
  FROM followed
  JOIN pg_catalog.pg_class AS class USING (oid)
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
  WHERE relkind IN ('r', 'p')`;

const tablesSchema = z.array(
  z.object({
    relation: z.number(),
    schema: z.string(),
    name: z.string(),
    title: z.string(),
    functions: z.array(z.string()),
  }),
);

/** Finds tables with their partitions, in one query. A partition that was asked for too is there once for each. */
export async function findTables(lent: LentClient, wanted: readonly WantedTable[]): Promise<readonly FoundTable[]> {
  const schemas = wanted.map(({ schema }) => schema);
  const names = wanted.map(({ name }) => name);
  return tablesSchema.parse((await lent.query(tablesQuery, [schemas, names, triggerNames])).rows);
}

/** Whether all its triggers are there. Those that note rows serve who does not want them too. */
export function isNoted({ functions }: FoundTable, rows: boolean): boolean {
  const withRows = functions.filter((name) => name === "note_rows").length;
  const without = functions.filter((name) => name === "note_statement").length;
  return (withRows === 3 && without === 1) || (!rows && without === 4);
}
