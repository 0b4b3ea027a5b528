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
  /** Whether its rows are in partitions, and none in itself. */
  readonly partitioned: boolean;
  /**
   * Another one after a statement that changes what is selected from the table without writing rows: ALTER TABLE that
   * rewrites it or adds, drops or renames columns, policies, labels of an enum. Also another after VACUUM FULL or CLUSTER.
   */
  readonly shape: string;
}

/** The operations that are noted, with what their triggers refer to. */
export const operations = {
  insert: "REFERENCING NEW TABLE AS peek_new",
  update: "REFERENCING OLD TABLE AS peek_old NEW TABLE AS peek_new",
  delete: "REFERENCING OLD TABLE AS peek_old",
  truncate: "",
} as const;

/** The name of the trigger for rows that one of PostgreSQL's own subscriptions writes. */
export const replicatedTrigger = "peek_vortex_replicated";

/** The names of the triggers. */
export const triggerNames: readonly string[] = [
  ...Object.keys(operations).map((operation) => `peek_vortex_${operation}`),
  replicatedTrigger,
];

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
      WHERE tgrelid = class.oid AND tgname = ANY($3)
        AND tgenabled = CASE tgname WHEN '${replicatedTrigger}' THEN 'R'::"char" ELSE 'A'::"char" END
        AND pronamespace = 'peek_vortex'::pg_catalog.regnamespace
    ) AS functions,
    relkind = 'p' AS partitioned,
    pg_catalog.md5(pg_catalog.concat_ws(
      ' ', relfilenode, relrowsecurity, relforcerowsecurity,
      (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', attnum, attname, atttypid, atttypmod, attisdropped, def.xmin, labels), ',' ORDER BY attnum)
        FROM pg_catalog.pg_attribute
        LEFT JOIN pg_catalog.pg_attrdef AS def ON adrelid = attrelid AND adnum = attnum AND attgenerated <> ''
        LEFT JOIN LATERAL (
          SELECT pg_catalog.string_agg(enumlabel, ' ' ORDER BY enumsortorder) AS labels
          FROM pg_catalog.pg_enum WHERE enumtypid = atttypid
        ) AS enum ON true
        WHERE attrelid = class.oid AND attnum > 0),
      (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', policy.oid, policy.xmin), ',' ORDER BY policy.oid)
        FROM pg_catalog.pg_policy AS policy WHERE polrelid = class.oid)
    )) AS shape
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
    partitioned: z.boolean(),
    shape: z.string(),
  }),
);

/** Finds tables with their partitions, in one query. A partition that was asked for too is there once for each. */
export async function findTables(lent: LentClient, wanted: readonly WantedTable[]): Promise<readonly FoundTable[]> {
  const schemas = wanted.map(({ schema }) => schema);
  const names = wanted.map(({ name }) => name);
  return tablesSchema.parse((await lent.query(tablesQuery, [schemas, names, triggerNames])).rows);
}

/** Whether all its triggers are there. Those that note rows serve who does not want them too. */
export function isNoted({ functions, partitioned }: FoundTable, rows: boolean): boolean {
  const expected = rows || notesRows(functions) ? withRows : withoutRows;
  const wanted = partitioned ? expected.filter((name) => !name.startsWith("note_replicated")) : expected;
  return wanted.join() === functions.toSorted().join();
}

/** Whether triggers with these functions note rows. */
export function notesRows(functions: readonly string[]): boolean {
  return functions.includes("note_rows");
}

const withRows = ["note_replicated_rows", "note_rows", "note_rows", "note_rows", "note_statement"];
const withoutRows = ["note_replicated", "note_statement", "note_statement", "note_statement", "note_statement"];
