import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";

/** The kinds of relations that are not tables, by PostgreSQL's `relkind`. */
const kinds: Readonly<Record<string, string>> = {
  v: "a view",
  m: "a materialized view",
  f: "a foreign table",
  S: "a sequence",
};

/** The kind of a relation; for a view also the tables that it reads, directly or through other views. */
const relationQuery = `
  WITH RECURSIVE named AS (
    SELECT class.oid, relkind::text AS kind
    FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
    WHERE nspname = $1 AND relname = $2
  ), read AS (
    SELECT oid, kind FROM named
    UNION
    SELECT source.oid, source.relkind::text
    FROM read
    JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = read.oid
    JOIN pg_catalog.pg_depend AS depend ON depend.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      AND depend.objid = rule.oid AND depend.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    JOIN pg_catalog.pg_class AS source ON source.oid = depend.refobjid
    WHERE read.kind IN ('v', 'm')
  )
  SELECT kind, ARRAY(
    SELECT CASE nspname WHEN $1 THEN relname::text ELSE pg_catalog.format('%s.%s', nspname, relname) END
    FROM read
    JOIN pg_catalog.pg_class AS class USING (oid)
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
    WHERE read.kind IN ('r', 'p')
    ORDER BY 1
  ) AS tables
  FROM named`;

const relationSchema = z.object({ kind: z.string(), tables: z.array(z.string()) }).optional();

/**
 * Explains why a schema has no table of a name that should be watched, and which tables to watch instead.
 *
 * @returns The end of a sentence, after "which is".
 * @throws PeekError as the connection.
 */
export async function explainUnwatchable(connection: PooledConnection, schema: string, name: string): Promise<string> {
  const relation = relationSchema.parse((await connection.query(relationQuery, [schema, name])).rows[0]);
  const kind = relation === undefined ? undefined : kinds[relation.kind];
  if (relation === undefined || kind === undefined) {
    return `not in its schema ${schema}. Correct the name, or create the table in a migration.`;
  }
  const { tables } = relation;
  const instead =
    tables.length === 0 ? "the tables that contain the data" : `the tables that it reads: ${tables.join(", ")}`;
  const stored = relation.kind === "m" ? " It contains their data as of its last refresh." : "";
  return `${kind} and cannot be watched: PostgreSQL reports no changes of it. Watch ${instead}.${stored}`;
}
