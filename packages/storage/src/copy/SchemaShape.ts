import { escapeIdentifier } from "pg";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { copyRefused } from "./copyRefused.ts";

/** A table that holds rows itself: one that is partitioned does not, its partitions do. */
export interface CopiedTable {
  readonly schema: string;
  readonly name: string;
  /** Those that are not computed from others. */
  readonly columns: readonly string[];
}

/** Something in a schema. */
export interface SchemaObject {
  readonly schema: string;
  readonly name: string;
}

/** What is in some schemas. */
export interface SchemaShape {
  /** Each thing in them, as text that is the same on every version of PostgreSQL: `column pl_x.item.id integer`. */
  readonly things: ReadonlySet<string>;
  readonly tables: readonly CopiedTable[];
  readonly sequences: readonly SchemaObject[];
}

/** How many differences a message names. */
const told = 5;

const thingsQuery = `
  WITH
    namespace AS (SELECT oid, nspname AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)),
    relation AS (
      SELECT class.oid, relkind AS kind, relispartition AS is_partition, format('%I.%I', namespace.name, relname) AS name
      FROM pg_catalog.pg_class AS class JOIN namespace ON namespace.oid = class.relnamespace
    )
  SELECT format('%s %s', CASE kind
      WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE 'index' END, name) AS thing
    FROM relation WHERE kind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') OR kind IN ('i', 'I') AND NOT is_partition
  UNION ALL
  SELECT format('column %s.%I %s%s%s%s', relation.name, attname, format_type(atttypid, atttypmod),
      CASE WHEN attnotnull THEN ' NOT NULL' END,
      CASE WHEN attidentity <> '' THEN ' IDENTITY' END,
      CASE WHEN attgenerated <> '' THEN ' GENERATED' END)
    FROM pg_catalog.pg_attribute JOIN relation ON relation.oid = attrelid
    WHERE kind IN ('r', 'p', 'v', 'm', 'f', 'c') AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT format('constraint %I on %s', conname, relation.name)
    FROM pg_catalog.pg_constraint JOIN relation ON relation.oid = conrelid
    -- Not null is a constraint of its own from PostgreSQL 18 on, and part of the column here.
    WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conparentid = 0
  UNION ALL
  SELECT format('trigger %I on %s', tgname, relation.name)
    FROM pg_catalog.pg_trigger JOIN relation ON relation.oid = tgrelid
    WHERE NOT tgisinternal AND tgparentid = 0
      -- Those that note changes are made where a table is watched.
      AND tgfoid NOT IN (
        SELECT proc.oid FROM pg_catalog.pg_proc AS proc WHERE pronamespace = to_regnamespace('peek_vortex')
      )
  UNION ALL
  SELECT format('function %I.%I(%s)', namespace.name, proname, pg_catalog.pg_get_function_identity_arguments(proc.oid))
    FROM pg_catalog.pg_proc AS proc JOIN namespace ON namespace.oid = pronamespace
    WHERE prokind IN ('f', 'p')
  UNION ALL
  SELECT format('type %I.%I%s', namespace.name, typname, (
      SELECT format(' (%s)', string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder))
      FROM pg_catalog.pg_enum WHERE enumtypid = type.oid HAVING count(*) > 0
    ))
    FROM pg_catalog.pg_type AS type JOIN namespace ON namespace.oid = typnamespace
    WHERE typtype IN ('e', 'd', 'r')
`;

const relationsQuery = `
  SELECT
    namespace.nspname AS schema,
    class.relname AS name,
    class.relkind = 'S' AS is_sequence,
    ARRAY(
      SELECT attname::text FROM pg_catalog.pg_attribute
      WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
    ) AS columns
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = ANY($1) AND class.relkind IN ('r', 'S')
  ORDER BY namespace.nspname, class.relname
`;

const thingsSchema = z.array(z.object({ thing: z.string() }));
const relationsSchema = z.array(
  z.object({ schema: z.string(), name: z.string(), is_sequence: z.boolean(), columns: z.array(z.string()) }),
);

/** Looks at what is in some schemas. */
export async function readSchemaShape(lent: LentClient, schemas: readonly string[]): Promise<SchemaShape> {
  const things = thingsSchema.parse((await lent.query(thingsQuery, [schemas])).rows);
  const relations = relationsSchema.parse((await lent.query(relationsQuery, [schemas])).rows);
  return {
    things: new Set(things.map(({ thing }) => thing)),
    tables: relations.filter((relation) => !relation.is_sequence),
    sequences: relations.filter((relation) => relation.is_sequence),
  };
}

/**
 * Makes sure that nothing is on one side only: a plugin made it, or took it away, outside its migrations.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED` naming the first differences.
 */
export function requireSameShape(source: SchemaShape, target: SchemaShape): void {
  const differences = [
    ...[...source.things].filter((thing) => !target.things.has(thing)).map((thing) => `the source has the ${thing}`),
    ...[...target.things].filter((thing) => !source.things.has(thing)).map((thing) => `the source lacks the ${thing}`),
  ];
  if (differences.length === 0) return;
  const more = differences.length > told ? `; and ${differences.length - told} more` : "";
  throw copyRefused(
    `The source is not what the plugins' migrations make: ${differences.slice(0, told).join("; ")}${more}. A plugin or a person changed it besides. Put it into a migration of the plugin, or undo it by hand.`,
  );
}

/** A thing's name, to stand in SQL. */
export function qualified({ schema, name }: SchemaObject): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
