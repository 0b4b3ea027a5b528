import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import { z } from "zod";
import type { Catalogue, Room } from "./catalogue/readCatalogue.ts";
import { planMigrations } from "./migration/planMigrations.ts";
import { readMigrations } from "./migration/readMigrations.ts";
import type { StoragePlugin } from "./StoragePlugin.ts";

/** A plugin's schema, as the database has it and as its package expects it. */
export interface SchemaSurvey {
  readonly plugin: string;
  /** Its schema; where that is not made yet, the one it is to have. */
  readonly schema: string;
  /** Its role; undefined where the account of the database serves all. */
  readonly role: string | undefined;
  /** Whether the schema is there. */
  readonly made: boolean;
  /** Whether it is one of the plugins that the storage was opened with. */
  readonly enabled: boolean;
  /** The names of its migrations in the database, in their order. */
  readonly applied: readonly string[];
  /** Those of its package that are still to be applied. */
  readonly pending: readonly string[];
  /** Why its schema cannot be brought to where the package expects it: `MIGRATION_…` or `MIGRATIONS_UNREADABLE`. */
  readonly trouble: PeekError | undefined;
  /** Its tables, indexes and all, on disk; bytes. */
  readonly bytes: number;
}

const sizeQuery = `
  SELECT namespace.nspname AS schema, sum(pg_catalog.pg_total_relation_size(class.oid))::float8 AS bytes
  FROM pg_catalog.pg_class AS class
  JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
  WHERE namespace.nspname = ANY($1) AND class.relkind IN ('r', 'm', 'S')
  GROUP BY namespace.nspname
`;

const sizesSchema = z.array(z.object({ schema: z.string(), bytes: z.number() }));

/**
 * Compares what the plugins' packages have with what is recorded in the database. Changes nothing.
 *
 * @param roomOf The room that a plugin has, or would be given.
 * @returns First the plugins given, then those that are only in the database.
 */
export async function surveySchemas(
  client: ClientBase,
  catalogue: Catalogue | undefined,
  plugins: readonly StoragePlugin[],
  roomOf: (plugin: string) => Room,
): Promise<readonly SchemaSurvey[]> {
  const enabled = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const others = [...(catalogue?.rooms.keys() ?? [])].filter((name) => !enabled.has(name)).sort();
  const rooms = [...enabled.keys(), ...others].map(roomOf);
  const { rows } = await client.query<Record<string, unknown>>(sizeQuery, [rooms.map(({ schema }) => schema)]);
  const sizes = new Map(sizesSchema.parse(rows).map(({ schema, bytes }) => [schema, bytes]));
  return await Promise.all(
    rooms.map(async ({ plugin, schema, role, complete }) => {
      const applied = catalogue?.applied.get(plugin) ?? [];
      const found = enabled.get(plugin);
      const plan = found === undefined ? { pending: [], trouble: undefined } : await tryPlan(found, applied);
      const names = applied.map(({ name }) => name);
      return {
        ...{ plugin, schema, role, made: complete, enabled: found !== undefined, applied: names },
        ...plan,
        bytes: sizes.get(schema) ?? 0,
      };
    }),
  );
}

async function tryPlan(
  { name, migrationsDir }: StoragePlugin,
  applied: Parameters<typeof planMigrations>[2],
): Promise<Pick<SchemaSurvey, "pending" | "trouble">> {
  try {
    const pending = planMigrations(name, await readMigrations(migrationsDir), applied);
    return { pending: pending.map((file) => file.name), trouble: undefined };
  } catch (error) {
    if (PeekError.is(error)) return { pending: [], trouble: error };
    throw error;
  }
}
