import { PeekError } from "@peek/errors";
import { type ClientBase, DatabaseError } from "pg";
import { z } from "zod";
import type { AppliedMigration } from "../migration/planMigrations.ts";
import { layoutVersion } from "./layout.ts";

/** A plugin's room, as it is recorded. */
export interface Room {
  readonly plugin: string;
  readonly schema: string;
  /** Its login role; undefined where the account of the database serves all. */
  readonly role: string | undefined;
  /** Whether the schema and the role are there, and the one is the other's; or have to be made (again). */
  readonly complete: boolean;
}

/** What Peek's own tables hold. */
export interface Catalogue {
  /** What the passwords of the roles are made from. */
  readonly secret: string;
  /** When rows began to be copied into this database, as long as not all are there. See `copyDatabase`. */
  readonly copyBeganAt: string | undefined;
  /** By plugin. */
  readonly rooms: ReadonlyMap<string, Room>;
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
    ) AS rooms,
    (
      SELECT coalesce(json_agg(json_build_object(
        'plugin', plugin,
        'name', name,
        'checksum', checksum,
        'appliedAt', to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'pluginVersion', plugin_version
      ) ORDER BY number), '[]')
      FROM peek_platform.migration
    ) AS applied
`;

const rowSchema = z.object({
  settings: z.object({ layout: z.coerce.number(), secret: z.string(), copy_began_at: z.string().optional() }),
  rooms: z.array(
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
  applied: z.array(
    z.object({
      plugin: z.string(),
      name: z.string(),
      checksum: z.string(),
      appliedAt: z.string(),
      pluginVersion: z.string(),
    }),
  ),
});

/**
 * Everything that is recorded, in one query however many plugins there are.
 *
 * @returns undefined when Peek has no tables in this database yet.
 * @throws PeekError `STORAGE_TOO_NEW`, `STORAGE_REFUSED` when the tables are another account's; and what `pg` throws.
 */
export async function readCatalogue(client: ClientBase): Promise<Catalogue | undefined> {
  const row = await queryRow(client);
  if (row === undefined) return undefined;
  const { settings, rooms, applied } = rowSchema.parse(row);
  if (settings.layout > layoutVersion) {
    throw new PeekError(
      "STORAGE_TOO_NEW",
      `The database was last used by a newer Peek: its own tables have layout ${settings.layout}, and this Peek knows ${layoutVersion}. Run that Peek or a newer one.`,
      { fields: { layout: settings.layout } },
    );
  }
  return {
    secret: settings.secret,
    copyBeganAt: settings.copy_began_at,
    rooms: new Map(rooms.map((room) => [room.plugin, room])),
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
      "The account of storage.connectUrl may not read Peek's own tables in the schema peek_platform, which another account has made. Name that account in storage.connectUrl.",
      { cause: error },
    );
  }
}
