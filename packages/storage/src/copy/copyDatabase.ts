import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { Storage } from "../Storage.ts";
import type { StorageOptions } from "../StorageOptions.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import type { SchemaStatus } from "../readSchemaStatuses.ts";
import { copyRefused } from "./copyRefused.ts";
import { copyRows } from "./copyRows.ts";
import type { TableProgress } from "./copyTable.ts";
import { abandonTarget, claimTarget, completeTarget, requireNoServices } from "./CopyTarget.ts";
import { requireNoTasks, tasksSchema } from "./requireNoTasks.ts";

/** The options of {@link copyDatabase}. */
export interface CopyOptions {
  /** The database to copy, opened with the plugins that are installed. It is not changed. */
  readonly source: Storage;
  /** The options to open the target, with the same plugins. */
  readonly target: Omit<StorageOptions, "migrations">;
  /** Plugins whose schemas are not copied; `peek_tasks` leaves unfinished and failed tasks behind. */
  readonly without: readonly string[];
  /** Called after each table. The copy is valid only when all tables are copied. */
  readonly onTable: (table: TableProgress) => void;
}

/** The result of a copy. */
export interface CopyReport {
  readonly plugins: readonly string[];
  readonly tables: number;
  readonly rows: number;
  /** The size of the text that was sent from one server to the other. */
  readonly bytes: number;
  /** The target, as messages name it. */
  readonly target: string;
}

const countSchema = z.object({ count: z.number() });

/**
 * Copies the schemas of all plugins to another, empty database, of any major version of PostgreSQL: applies the source's
 * migrations there, then copies all rows as of one snapshot, with the ledger of the plugins' actions. Until it has
 * finished, no other process can open the target.
 *
 * Not copied: tasks, objects outside of the plugins' schemas, the passwords of roles, rights and comments that no
 * migration has created, and the rows of foreign tables.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED`; or as the database that failed. The target is then as before, or, if it
 *   cannot be reached, the next attempt cleans it. The source is unchanged.
 */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const { source, target: targetOptions } = options;
  const { signal } = targetOptions;
  const without = options.without.filter((name) => name !== tasksSchema);
  const schemas = schemasToCopy(await source.schemaStatuses(), without);
  await source.asOwner(async (connection) => {
    await requireNoServices(connection, source.title);
    await requireNoLargeObjects(connection, schemas);
    if (!options.without.includes(tasksSchema)) await requireNoTasks(connection);
  });
  const names = new Set(schemas.map(({ plugin }) => plugin));
  const plugins = targetOptions.plugins.filter(({ name }) => names.has(name));
  // Creates only Peek's own tables, if there are none.
  await using claim = await openTarget({ ...targetOptions, plugins: [] });
  let claimed = false;
  try {
    return await claim.asOwner(async (connection) => {
      await claimTarget(connection, claim.title);
      claimed = true;
      // `claim` runs the embedded database.
      await using target = await openTarget({ ...targetOptions, plugins, embedded: "find" });
      await applySourceMigrations(target, schemas, plugins, signal);
      return await copyContents(source, target, schemas, options);
    });
  } catch (error) {
    const failure = signal.aborted
      ? copyRefused("The copy was interrupted and has been undone.", error)
      : withHint(error);
    if (claimed) await abandon(claim, failure);
    throw failure;
  }
}

/** @throws PeekError `STORAGE_COPY_REFUSED` with the names of the plugins that prevent the copy. */
function schemasToCopy(statuses: readonly SchemaStatus[], without: readonly string[]): readonly SchemaStatus[] {
  const known = new Set(statuses.map(({ plugin }) => plugin));
  const unknown = without.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new PeekError(
      "USAGE",
      `The database has no schema of ${unknown.join(", ")}. It has the schemas of ${[...known].join(", ")}.`,
    );
  }
  const wanted = statuses.filter(
    ({ plugin, exists, applied }) => !without.includes(plugin) && (exists || applied.length > 0),
  );
  const disabled = wanted.filter(({ enabled }) => !enabled).map(({ plugin }) => plugin);
  if (disabled.length > 0) {
    throw copyRefused(
      `The database has schemas of plugins that are not enabled, or not installed: ${disabled.join(", ")}. Enable them, or leave their data behind with --without ${disabled.join(" ")}.`,
    );
  }
  const failed = wanted.find(({ error }) => error !== undefined)?.error;
  if (failed !== undefined) throw copyRefused(failed.message, failed);
  const behind = wanted.filter(({ pending, exists }) => pending.length > 0 || !exists).map(({ plugin }) => plugin);
  if (behind.length > 0) {
    throw copyRefused(
      `These plugins have migrations that are not applied to the source: ${behind.join(", ")}. Run peek storage migrate first.`,
    );
  }
  return wanted;
}

async function requireNoLargeObjects(connection: PooledConnection, schemas: readonly SchemaStatus[]): Promise<void> {
  const roles = schemas.flatMap(({ role }) => role ?? []);
  const { rows } = await connection.query(
    `SELECT count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata
     JOIN pg_catalog.pg_roles ON pg_roles.oid = lomowner
     WHERE rolname = ANY($1) OR $2 AND rolname = current_user`,
    [roles, roles.length < schemas.length],
  );
  const { count } = countSchema.parse(rows[0]);
  if (count === 0) return;
  throw copyRefused(
    `The plugins have ${count} large objects in the database, which are not copied. Store their contents in columns of type bytea, or move the database with PostgreSQL's own programs.`,
  );
}

async function openTarget(options: Omit<StorageOptions, "migrations">): Promise<Storage> {
  try {
    return await Storage.open({ ...options, migrations: "apply", unfinishedCopy: "accept" });
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    // The message may name storage.connectUrl, which is that of the source.
    throw new PeekError(error.code, `The target of the copy cannot be opened. ${error.message}`, {
      cause: error,
      fields: error.fields,
    });
  }
}

/** Applies the source's migrations to the target. */
async function applySourceMigrations(
  target: Storage,
  schemas: readonly SchemaStatus[],
  plugins: readonly StoragePlugin[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name } of plugins) await target.migrate(name, signal);
  const targetStatuses = new Map((await target.schemaStatuses()).map((status) => [status.plugin, status]));
  for (const { plugin, schema, applied } of schemas) {
    const other = targetStatuses.get(plugin);
    if (other?.schema === schema && other.applied.join() === applied.join()) continue;
    throw copyRefused(
      `The migrations of ${plugin} differ: the source has applied ${applied.join(", ") || "none"}, and the target ${other?.applied.join(", ") || "none"}. Install the version of the plugin that the source was migrated with.`,
    );
  }
}

async function copyContents(
  source: Storage,
  target: Storage,
  schemas: readonly SchemaStatus[],
  { target: { signal }, onTable }: CopyOptions,
): Promise<CopyReport> {
  const sum = { tables: 0, rows: 0, bytes: 0 };
  await source.asOwner((reading) =>
    target.asOwner(async (writing) => {
      const connections = new Set([reading, writing]);
      const onAbort = (): void => {
        for (const { client } of connections) client.connection.stream.destroy();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        signal.throwIfAborted();
        await copyRows(reading, writing, {
          pluginSchemas: schemas,
          asPlugin: (plugin, work) =>
            target.asPlugin(plugin, async (connection) => {
              connections.add(connection);
              signal.throwIfAborted();
              await work(connection);
              connections.delete(connection);
            }),
          onTable: (table) => {
            sum.tables += 1;
            sum.rows += table.rows;
            sum.bytes += table.bytes;
            onTable(table);
          },
        });
        // A service that was started meanwhile may have written rows that are not in the copy.
        await requireNoServices(reading, source.title);
        await completeTarget(writing);
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    }),
  );
  return { ...sum, plugins: schemas.map(({ plugin }) => plugin), target: target.title };
}

/** Adds a remedy to the error of a server that lacks locks for a transaction with many tables. */
function withHint(error: unknown): unknown {
  // out_of_memory, which PostgreSQL also reports for its lock table.
  if (!PeekError.is(error) || error.fields["sqlState"] !== "53200") return error;
  return copyRefused(
    `${error.message}. All tables are read in one transaction, and those of a plugin are written in one: raise max_locks_per_transaction on both servers, restart them, and copy again.`,
    error,
  );
}

/**
 * Empties the target after a failure.
 *
 * @throws PeekError when the target could not be emptied, or has the complete copy.
 */
async function abandon(claim: Storage, failure: unknown): Promise<void> {
  let undone: boolean;
  try {
    undone = await claim.asOwner(abandonTarget);
  } catch (error) {
    throw new PeekError(
      PeekError.is(failure) ? failure.code : "INTERNAL",
      `${messageOf(failure)} The copy failed, and removing the incomplete copy from ${claim.title} failed too (${messageOf(error)}); the next attempt removes it.`,
      { cause: failure },
    );
  }
  if (undone) return;
  throw new PeekError(
    "STORAGE_COMMIT_UNKNOWN",
    `The copy to ${claim.title} is complete, though the connection was lost at its end: ${messageOf(failure)}`,
    { cause: failure },
  );
}
