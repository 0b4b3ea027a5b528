import { messageOf, PeekError } from "@peek/errors";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { Storage, type StorageOptions } from "../Storage.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import type { SchemaSurvey } from "../surveySchemas.ts";
import { copyRefused } from "./copyRefused.ts";
import { copyRows, type TableProgress } from "./copyRows.ts";
import { abandonTarget, claimTarget, completeTarget, refuseOthers } from "./CopyTarget.ts";
import { refuseTasks, tasksSchema } from "./refuseTasks.ts";

/** What is copied, and where to. */
export interface CopyOptions {
  /** The database to copy; opened, with the plugins whose packages there are. Nothing is changed in it. */
  readonly source: Storage;
  /** How the database to copy to is opened, with the same plugins. */
  readonly target: Omit<StorageOptions, "migrations">;
  /** Plugins whose schemas are left out; `peek_tasks` leaves the tasks behind that wait or have failed. */
  readonly without: readonly string[];
  /** Told of each table that has been copied. It counts only when all are. */
  readonly onTable: (table: TableProgress) => void;
}

/** What has been copied. */
export interface CopyReport {
  readonly plugins: readonly string[];
  readonly tables: number;
  readonly rows: number;
  /** As text, on the way from one server to the other. */
  readonly bytes: number;
  /** The database that was copied to, as messages name it. */
  readonly target: string;
}

const countSchema = z.object({ count: z.number() });

/**
 * Copies the schemas of all plugins to another database, of whatever major version of PostgreSQL, which has to be
 * without any: the migrations that the source has are applied there, then all rows are copied, as they are at one
 * moment, with the ledger of the plugins' actions. Until that is complete, nothing else can open the target.
 *
 * Not copied: tasks, what is in no plugin's schema, the passwords of the roles, the plugins' rights and comments where a
 * migration did not make them, and the rows of foreign tables.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED`; or as the database that failed. The target is then as it was before, or, if
 *   it cannot be reached, is made so by the next attempt. The source is untouched.
 */
export async function copyDatabase(options: CopyOptions): Promise<CopyReport> {
  const { source, target: targetOptions } = options;
  const { signal } = targetOptions;
  const without = options.without.filter((name) => name !== tasksSchema);
  const schemas = schemasToCopy(await source.survey(), without);
  await source.asOwner(async (lent) => {
    await refuseOthers(lent, source.title);
    await refuseLargeObjects(lent, schemas);
    if (!options.without.includes(tasksSchema)) await refuseTasks(lent);
  });
  const names = new Set(schemas.map(({ plugin }) => plugin));
  const plugins = targetOptions.plugins.filter(({ name }) => names.has(name));
  // Makes nothing but Peek's own tables; where there are some, nothing at all.
  await using claim = await openTarget({ ...targetOptions, plugins: [] });
  let claimed = false;
  try {
    return await claim.asOwner(async (lent) => {
      await claimTarget(lent, claim.title);
      claimed = true;
      // The embedded database is run by the one that claimed it.
      await using target = await openTarget({ ...targetOptions, plugins, embedded: "find" });
      await migrateAlike(target, schemas, plugins, signal);
      return await copyAll(source, target, schemas, options);
    });
  } catch (error) {
    const failure = signal.aborted ? copyRefused("The copy was interrupted, and is undone.", error) : withHint(error);
    if (claimed) await abandon(claim, failure);
    throw failure;
  }
}

/** @throws PeekError `STORAGE_COPY_REFUSED` naming every plugin that keeps the database from being copied. */
function schemasToCopy(surveys: readonly SchemaSurvey[], without: readonly string[]): readonly SchemaSurvey[] {
  const known = new Set(surveys.map(({ plugin }) => plugin));
  const unknown = without.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new PeekError(
      "USAGE",
      `There is no schema of ${unknown.join(", ")} in the database. Those there are: ${[...known].join(", ")}.`,
    );
  }
  const wanted = surveys.filter(
    ({ plugin, made, applied }) => !without.includes(plugin) && (made || applied.length > 0),
  );
  const gone = wanted.filter(({ enabled }) => !enabled).map(({ plugin }) => plugin);
  if (gone.length > 0) {
    throw copyRefused(
      `The database has schemas of plugins that are not enabled, or not installed: ${gone.join(", ")}. Enable them, or leave their data behind with --without ${gone.join(" ")}.`,
    );
  }
  const troubled = wanted.find(({ trouble }) => trouble !== undefined);
  if (troubled?.trouble !== undefined) throw copyRefused(troubled.trouble.message, troubled.trouble);
  const behind = wanted.filter(({ pending, made }) => pending.length > 0 || !made).map(({ plugin }) => plugin);
  if (behind.length > 0) {
    throw copyRefused(
      `The schemas of these plugins are not where their packages expect them: ${behind.join(", ")}. Run peek storage migrate first.`,
    );
  }
  return wanted;
}

async function refuseLargeObjects(lent: LentClient, schemas: readonly SchemaSurvey[]): Promise<void> {
  const roles = schemas.flatMap(({ role }) => role ?? []);
  const { rows } = await lent.query(
    `SELECT count(*)::int AS count FROM pg_catalog.pg_largeobject_metadata
     JOIN pg_catalog.pg_roles ON pg_roles.oid = lomowner
     WHERE rolname = ANY($1) OR $2 AND rolname = current_user`,
    [roles, roles.length < schemas.length],
  );
  const { count } = countSchema.parse(rows[0]);
  if (count === 0) return;
  throw copyRefused(
    `The plugins have ${count} large objects in the database, which are not copied. Keep what is in them in a column of type bytea, or move the database with PostgreSQL's own programs.`,
  );
}

async function openTarget(options: Omit<StorageOptions, "migrations">): Promise<Storage> {
  try {
    return await Storage.open({ ...options, migrations: "apply", unfinishedCopy: "accept" });
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    // Messages speak of storage.connectUrl, which is another's.
    throw new PeekError(error.code, `The database to copy to cannot be used. ${error.message}`, {
      cause: error,
      fields: error.fields,
    });
  }
}

/** Applies to the target what the source has applied. */
async function migrateAlike(
  target: Storage,
  schemas: readonly SchemaSurvey[],
  plugins: readonly StoragePlugin[],
  signal: AbortSignal,
): Promise<void> {
  for (const { name } of plugins) await target.migrate(name, signal);
  const made = new Map((await target.survey()).map((survey) => [survey.plugin, survey]));
  for (const { plugin, schema, applied } of schemas) {
    const other = made.get(plugin);
    if (other?.schema === schema && other.applied.join() === applied.join()) continue;
    throw copyRefused(
      `The migrations of ${plugin} are ${applied.join(", ") || "none"} in the source, and ${other?.applied.join(", ") || "none"} could be applied to the target.`,
    );
  }
}

async function copyAll(
  source: Storage,
  target: Storage,
  schemas: readonly SchemaSurvey[],
  { target: { signal }, onTable }: CopyOptions,
): Promise<CopyReport> {
  const sum = { tables: 0, rows: 0, bytes: 0 };
  await source.asOwner((reading) =>
    target.asOwner(async (writing) => {
      const connections = new Set([reading, writing]);
      const cutOff = (): void => {
        for (const { client } of connections) client.connection.stream.destroy();
      };
      signal.addEventListener("abort", cutOff, { once: true });
      try {
        signal.throwIfAborted();
        await copyRows(reading, writing, {
          rooms: schemas,
          asPlugin: (plugin, work) =>
            target.asPlugin(plugin, async (lent) => {
              connections.add(lent);
              signal.throwIfAborted();
              await work(lent);
              connections.delete(lent);
            }),
          onTable: (table) => {
            sum.tables += 1;
            sum.rows += table.rows;
            sum.bytes += table.bytes;
            onTable(table);
          },
        });
        // One that was started meanwhile has written what is not in the copy.
        await refuseOthers(reading, source.title);
        await completeTarget(writing);
      } finally {
        signal.removeEventListener("abort", cutOff);
      }
    }),
  );
  return { ...sum, plugins: schemas.map(({ plugin }) => plugin), target: target.title };
}

/** Says what to do when a transaction over many tables is more than a server is set up for. */
function withHint(error: unknown): unknown {
  // out_of_memory, by which PostgreSQL means its table of locks too.
  if (!PeekError.is(error) || error.fields["sqlState"] !== "53200") return error;
  return copyRefused(
    `${error.message}. A plugin's tables are written in one transaction, and all are read in one: raise max_locks_per_transaction on both servers, start them again, and copy again.`,
    error,
  );
}

/**
 * Empties the target after a failure.
 *
 * @throws PeekError with what could not be taken back, too.
 */
async function abandon(claim: Storage, failure: unknown): Promise<void> {
  let undone: boolean;
  try {
    undone = await claim.asOwner(abandonTarget);
  } catch (error) {
    throw new PeekError(
      PeekError.is(failure) ? failure.code : "INTERNAL",
      `${messageOf(failure)} Nothing was copied, but what had begun is left in ${claim.title} (${messageOf(error)}); the next attempt removes them.`,
      { cause: failure },
    );
  }
  if (undone) return;
  throw new PeekError(
    "STORAGE_COMMIT_UNKNOWN",
    `The connection was lost at the very end, but all has been copied to ${claim.title}: ${messageOf(failure)}`,
    { cause: failure },
  );
}
