import { escapeIdentifier } from "pg";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { copyRefused } from "./copyRefused.ts";

/** A table that stores rows: a partition, but not a partitioned table. */
export interface CopiedTable {
  readonly schema: string;
  readonly name: string;
  /** The columns that are not computed. */
  readonly columns: readonly string[];
}

/** An object in a schema. */
export interface SchemaObject {
  readonly schema: string;
  readonly name: string;
}

/** The contents of some schemas. */
export interface SchemaShape {
  /** A description of each object, the same on every version of PostgreSQL: `column pl_x.item.id integer`. */
  readonly objects: ReadonlySet<string>;
  readonly tables: readonly CopiedTable[];
  readonly sequences: readonly SchemaObject[];
}

/** How many differences a message names. */
const maxNamed = 5;

const objectsQuery = `
  WITH
    namespace AS (SELECT oid, nspname AS name FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)),
    relation AS (
      SELECT class.oid, relkind AS kind, relispartition AS is_partition, format('%I.%I', namespace.name, relname) AS name
      FROM pg_catalog.pg_class AS class JOIN namespace ON namespace.oid = class.relnamespace
    )
  SELECT format('%s %s', CASE kind
      WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
      WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' ELSE 'index' END, name) AS object
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
    -- From PostgreSQL 18 on, NOT NULL is a constraint; here it is part of the column.
    WHERE contype IN ('c', 'f', 'p', 'u', 'x') AND conparentid = 0
  UNION ALL
  SELECT format('trigger %I on %s', tgname, relation.name)
    FROM pg_catalog.pg_trigger JOIN relation ON relation.oid = tgrelid
    WHERE NOT tgisinternal AND tgparentid = 0
      -- The triggers of the outbox are created when a table is watched.
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

const objectsSchema = z.array(z.object({ object: z.string() }));
const relationsSchema = z.array(
  z.object({ schema: z.string(), name: z.string(), is_sequence: z.boolean(), columns: z.array(z.string()) }),
);

/** Reads the contents of some schemas. */
export async function readSchemaShape(connection: PooledConnection, schemas: readonly string[]): Promise<SchemaShape> {
  const objects = objectsSchema.parse((await connection.query(objectsQuery, [schemas])).rows);
  const relations = relationsSchema.parse((await connection.query(relationsQuery, [schemas])).rows);
  return {
    objects: new Set(objects.map(({ object }) => object)),
    tables: relations.filter((relation) => !relation.is_sequence),
    sequences: relations.filter((relation) => relation.is_sequence),
  };
}

/**
 * Makes sure that both sides have the same objects. They differ if an object was created or dropped outside of migrations.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED` naming the first differences.
 */
export function requireSameSchema(source: SchemaShape, target: SchemaShape): void {
  const differences = [
    ...[...source.objects]
      .filter((object) => !target.objects.has(object))
      .map((object) => `the source has the ${object}`),
    ...[...target.objects]
      .filter((object) => !source.objects.has(object))
      .map((object) => `the source lacks the ${object}`),
  ];
  if (differences.length === 0) return;
  const more = differences.length > maxNamed ? `; and ${differences.length - maxNamed} more` : "";
  throw copyRefused(
    `The source differs from the result of the plugins' migrations: ${differences.slice(0, maxNamed).join("; ")}${more}. It was changed outside of migrations. Add the change to a migration of the plugin, or revert it by hand.`,
  );
}

/** The name of an object in SQL, with its schema. */
export function qualified({ schema, name }: SchemaObject): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
