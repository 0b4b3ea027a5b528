import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { replicatedTrigger, type TriggeredTable, triggerNames } from "./changeTriggers.ts";

/** A table that should be watched. */
export interface WantedTable {
  readonly schema: string;
  readonly name: string;
  /** Whether a watcher wants the changed rows. */
  readonly rows: boolean;
}

/** A table in the database, or a partition of one. */
export interface FoundTable extends TriggeredTable {
  /** Its OID, which changes when the table is dropped and created again. */
  readonly relation: number;
  /** The schema and name of the wanted table. */
  readonly schema: string;
  readonly name: string;
  /**
   * A hash that changes with every statement that alters the result of a SELECT without writing rows: ALTER TABLE that
   * rewrites the table or adds, drops or renames columns; changes of policies, and of the labels of an enum. VACUUM FULL
   * and CLUSTER change it too.
   */
  readonly shape: string;
}

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

/** Finds tables with their partitions, in one query. A partition that is wanted itself too occurs twice. */
export async function findTables(
  connection: PooledConnection,
  wanted: readonly WantedTable[],
): Promise<readonly FoundTable[]> {
  const schemas = wanted.map(({ schema }) => schema);
  const names = wanted.map(({ name }) => name);
  return tablesSchema.parse((await connection.query(tablesQuery, [schemas, names, triggerNames])).rows);
}
