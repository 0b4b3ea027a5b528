import { PeekError } from "@peek/errors";
import { type ClientBase, DatabaseError } from "pg";
import { z } from "zod";
import { allowsOlderSql, layoutVersion } from "./platformLayout.ts";

/** The schema and role of a plugin, as recorded in the catalogue. */
export interface PluginSchema {
  readonly plugin: string;
  readonly schema: string;
  /** Its login role; undefined where plugins share the account of the database. */
  readonly role: string | undefined;
  /** Whether the schema and the role exist, and the role owns the schema; otherwise provisioning has to create them. */
  readonly complete: boolean;
}

/** A migration that has been applied to the database. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  /** ISO 8601, UTC. */
  readonly appliedAt: string;
  /** The plugin's version at that time. */
  readonly pluginVersion: string;
  /** Whether versions of the plugin that lack it may run on its tables: it has a down(), or a change went back to such a version. */
  readonly allowsOlder: boolean;
}

/** The contents of Peek's own tables. */
export interface Catalogue {
  /** The passwords of the roles are derived from it. */
  readonly secret: string;
  /** When an unfinished copy into this database began. See `copyDatabase`. */
  readonly copyBeganAt: string | undefined;
  /** By plugin. */
  readonly pluginSchemas: ReadonlyMap<string, PluginSchema>;
  /** By plugin, in the order of their numbers. */
  readonly applied: ReadonlyMap<string, readonly AppliedMigration[]>;
}

const query = `
  SELECT
    (SELECT json_object_agg(key, value) FROM peek_platform.setting) AS settings,
    (
      SELECT coalesce(json_agg(json_build_object(
        'plugin', plugin.name,
        'schema', plugin.schema,
        'role', plugin.role,
        'complete', namespace.oid IS NOT NULL AND (plugin.role IS NULL OR namespace.nspowner = role.oid) IS TRUE
      )), '[]')
      FROM peek_platform.plugin
      LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.nspname = plugin.schema
      LEFT JOIN pg_catalog.pg_roles AS role ON role.rolname = plugin.role
    ) AS plugin_schemas,
    (
      SELECT coalesce(json_agg(json_build_object(
        'plugin', plugin,
        'name', name,
        'checksum', checksum,
        'appliedAt', to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'pluginVersion', plugin_version,
        'allowsOlder', ${allowsOlderSql}
      ) ORDER BY number), '[]')
      FROM peek_platform.migration
    ) AS applied
`;

const appliedSchema = z.object({
  name: z.string(),
  checksum: z.string(),
  appliedAt: z.string(),
  pluginVersion: z.string(),
  allowsOlder: z.boolean(),
});

const rowSchema = z.object({
  settings: z.object({ layout: z.coerce.number(), secret: z.string(), copy_began_at: z.string().optional() }),
  plugin_schemas: z.array(
    z.object({
      plugin: z.string(),
      schema: z.string(),
      role: z
        .string()
        .nullable()
        .transform((role) => role ?? undefined),
      complete: z.boolean(),
    }),
  ),
  applied: z.array(appliedSchema.extend({ plugin: z.string() })),
});

/**
 * Reads the whole catalogue in one query.
 *
 * @returns undefined when Peek has no tables in this database yet.
 * @throws PeekError `STORAGE_TOO_NEW`, `STORAGE_REFUSED` when the tables belong to another account; and errors of `pg`.
 */
export async function readCatalogue(client: ClientBase): Promise<Catalogue | undefined> {
  const row = await queryRow(client);
  if (row === undefined) return undefined;
  const { settings, plugin_schemas: pluginSchemas, applied } = rowSchema.parse(row);
  if (settings.layout > layoutVersion) {
    throw new PeekError(
      "STORAGE_TOO_NEW",
      `The database was last used by a newer Peek: Peek's own tables have layout ${settings.layout}, and this version of Peek supports up to ${layoutVersion}. Run that version of Peek or a newer one.`,
      { fields: { layout: settings.layout } },
    );
  }
  return {
    secret: settings.secret,
    copyBeganAt: settings.copy_began_at,
    pluginSchemas: new Map(pluginSchemas.map((pluginSchema) => [pluginSchema.plugin, pluginSchema])),
    applied: Map.groupBy(applied, ({ plugin }) => plugin),
  };
}

async function queryRow(client: ClientBase): Promise<unknown> {
  try {
    const { rows } = await client.query<Record<string, unknown>>(query);
    return rows[0];
  } catch (error) {
    const sqlState = error instanceof DatabaseError ? error.code : undefined;
    // undefined_table, or invalid_schema_name.
    if (sqlState === "42P01" || sqlState === "3F000") return undefined;
    if (sqlState !== "42501") throw error;
    throw new PeekError(
      "STORAGE_REFUSED",
      "The account of storage.connectUrl may not read Peek's own tables in the schema peek_platform, which another account has created. Name that account in storage.connectUrl.",
      { cause: error },
    );
  }
}

const appliedQuery = `
  SELECT
    name,
    checksum,
    to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "appliedAt",
    plugin_version AS "pluginVersion",
    ${allowsOlderSql} AS "allowsOlder"
  FROM peek_platform.migration
  WHERE plugin = $1
  ORDER BY number
`;

/** Reads the applied migrations of one plugin, in the order of their numbers. */
export async function readApplied(client: ClientBase, plugin: string): Promise<readonly AppliedMigration[]> {
  const { rows } = await client.query<Record<string, unknown>>(appliedQuery, [plugin]);
  return z.array(appliedSchema).parse(rows);
}
