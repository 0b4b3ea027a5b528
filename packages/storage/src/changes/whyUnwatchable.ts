import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";

/** The relations that look like tables, by PostgreSQL's letters for them. */
const kinds: Readonly<Record<string, string>> = {
  v: "a view",
  m: "a materialized view",
  f: "a foreign table",
  S: "a sequence",
};

/** What a name stands for, and for a view the tables that it reads, also by other views. */
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
 * Says why a name cannot be watched that no table of a schema has, and what to name in its place.
 *
 * @returns A sentence that goes on after "which is".
 * @throws PeekError as the connection.
 */
export async function whyUnwatchable(lent: LentClient, schema: string, name: string): Promise<string> {
  const relation = relationSchema.parse((await lent.query(relationQuery, [schema, name])).rows[0]);
  const kind = relation === undefined ? undefined : kinds[relation.kind];
  if (relation === undefined || kind === undefined) {
    return `not in its schema ${schema}. Correct the name, or make the table in a migration.`;
  }
  const { tables } = relation;
  const instead =
    tables.length === 0 ? "the tables that are written to" : `the tables that it reads: ${tables.join(", ")}`;
  const stored = relation.kind === "m" ? " It shows what they had when it was refreshed last." : "";
  return `${kind} and cannot be watched: PostgreSQL tells nobody of changes to it. Name ${instead}.${stored}`;
}
