import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import { z } from "zod";
import type { Catalogue, PluginSchema } from "./catalogue/readCatalogue.ts";
import { planMigrations } from "./migration/planMigrations.ts";
import { readMigrations } from "./migration/readMigrations.ts";
import type { StoragePlugin } from "./StoragePlugin.ts";

/** The status of a plugin's schema: the migrations in the database compared with those of the package. */
export interface SchemaStatus {
  readonly plugin: string;
  /** Its schema; before provisioning, the planned name. */
  readonly schema: string;
  /** Its role; undefined where plugins share the account of the database. */
  readonly role: string | undefined;
  /** Whether the schema exists. */
  readonly exists: boolean;
  /** Whether the storage was opened with the plugin. */
  readonly enabled: boolean;
  /** The names of the applied migrations, in order. */
  readonly applied: readonly string[];
  /** The names of the package's migrations that are not applied yet, in order. */
  readonly pending: readonly string[];
  /** The error that prevents the migration: `MIGRATION_…` or `MIGRATIONS_UNREADABLE`. */
  readonly error: PeekError | undefined;
  /** The size on disk of its tables with their indexes. */
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
 * Compares the migrations of the plugins' packages with those that the database has recorded. Changes nothing.
 *
 * @param pluginSchemaOf The schema that a plugin has, or that provisioning would create.
 * @returns First the given plugins, then those that exist in the database only.
 */
export async function readSchemaStatuses(
  client: ClientBase,
  catalogue: Catalogue | undefined,
  plugins: readonly StoragePlugin[],
  pluginSchemaOf: (plugin: string) => PluginSchema,
): Promise<readonly SchemaStatus[]> {
  const enabled = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const others = [...(catalogue?.pluginSchemas.keys() ?? [])].filter((name) => !enabled.has(name)).sort();
  const pluginSchemas = [...enabled.keys(), ...others].map(pluginSchemaOf);
  const { rows } = await client.query<Record<string, unknown>>(sizeQuery, [pluginSchemas.map(({ schema }) => schema)]);
  const sizes = new Map(sizesSchema.parse(rows).map(({ schema, bytes }) => [schema, bytes]));
  return await Promise.all(
    pluginSchemas.map(async ({ plugin, schema, role, complete }) => {
      const applied = catalogue?.applied.get(plugin) ?? [];
      const found = enabled.get(plugin);
      const plan = found === undefined ? { pending: [], error: undefined } : await tryPlan(found, applied);
      const names = applied.map(({ name }) => name);
      return {
        ...{ plugin, schema, role, exists: complete, enabled: found !== undefined, applied: names },
        ...plan,
        bytes: sizes.get(schema) ?? 0,
      };
    }),
  );
}

async function tryPlan(
  { name, migrationsDir }: StoragePlugin,
  applied: Parameters<typeof planMigrations>[2],
): Promise<Pick<SchemaStatus, "pending" | "error">> {
  try {
    const pending = planMigrations(name, await readMigrations(migrationsDir), applied);
    return { pending: pending.map((file) => file.name), error: undefined };
  } catch (error) {
    if (PeekError.is(error)) return { pending: [], error };
    throw error;
  }
}
