import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { Migration } from "@peek/plugin-base/storage";
import { type ClientBase, DatabaseError } from "pg";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import {
  type AppliedMigration,
  type Catalogue,
  type PluginSchema,
  readApplied,
  readCatalogue,
} from "../catalogue/readCatalogue.ts";
import { addAllowsOlderSql } from "../catalogue/platformLayout.ts";
import type { StoragePlugin } from "../StoragePlugin.ts";
import { type MigrationFile, readMigrations } from "./readMigrations.ts";
import { withMigrationLock } from "./withMigrationLock.ts";
import { MigrationExecutor } from "./MigrationExecutor.ts";
import { allowOlder } from "./allowOlder.ts";
import { importMigration } from "./importMigration.ts";
import { laterMigrations, planMigrations } from "./planMigrations.ts";

/** A migration that is not applied yet. */
export interface PlannedMigration {
  readonly name: string;
  /** Whether it has a down(): then versions without it may run on its tables, and it can be reverted. */
  readonly isReversible: boolean;
  /** The statements that it ran in a dry run, in order; empty where it was not run. */
  readonly statements: readonly string[];
}

/** How migrations are tried. */
export interface DryRunOptions {
  /** How long a statement may wait for a table that is in use, in milliseconds. Default: without limit. */
  readonly lockTimeoutMs?: number;
}

/** How long an aborted migration waits for the server to terminate its session. */
const terminateTimeoutMs = 2000;

/** The options of a rollback. */
export interface RollbackOptions {
  /** The migration that stays the last: its name or number; 0 to revert all. Default: the last but one. */
  readonly to?: string | undefined;
  /** Whether migrations that were edited later may be reverted, by their present down(). Default: false. */
  readonly edited?: boolean;
}

/** Applies and reverts the migrations of plugins. */
export class Migrator {
  readonly #pool: ConnectionPool;
  readonly #logger: Logger;
  readonly #semaphore: Semaphore;

  /**
   * @param pool Connections of the account that owns the database.
   * @param concurrency How many plugins are migrated at a time: fewer than the pool has connections.
   */
  constructor(pool: ConnectionPool, concurrency: number, logger: Logger) {
    this.#pool = pool;
    this.#logger = logger;
    this.#semaphore = new Semaphore(concurrency);
  }

  /**
   * Applies the migrations of a plugin's package that the database lacks. If there are none by `seen`, it sends no query.
   *
   * @param seen The applied migrations as last read.
   * @param signal Aborts the running migration, which is rolled back.
   * @param onStart Called when no other plugin has to be waited for any longer.
   * @param undone The migrations of the version that failed, where this one is brought back: they and all later ones allow versions
   *   without them from now on. Default: it is not brought back.
   * @returns The names of the migrations that were applied.
   * @throws PeekError `MIGRATION_…`, `MIGRATIONS_UNREADABLE` or `STORAGE_UNAVAILABLE`.
   */
  async migrate(
    plugin: StoragePlugin,
    pluginSchema: PluginSchema,
    seen: readonly AppliedMigration[],
    signal: AbortSignal,
    onStart?: () => void,
    undone?: readonly string[],
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    if (undone === undefined && planMigrations(plugin.name, files, seen).length === 0) {
      this.#warnOfLater(plugin, files, seen);
      return [];
    }
    const work = async (connection: PooledConnection): Promise<readonly string[]> => {
      await connection.query(addAllowsOlderSql);
      if (undone !== undefined) await allowOlder(connection, plugin.name, files, undone);
      const applied = await readApplied(connection.client, plugin.name);
      const pending = planMigrations(plugin.name, files, applied);
      this.#warnOfLater(plugin, files, applied);
      const run = new MigrationExecutor(connection, pluginSchema, plugin.version);
      for (const file of pending) {
        const began = performance.now();
        await run.apply(file);
        this.#logger.info(
          "%s: migration %s applied in %d ms",
          plugin.name,
          file.name,
          Math.round(performance.now() - began),
        );
      }
      return pending.map(({ name }) => name);
    };
    return await this.#locked(plugin, signal, work, onStart);
  }

  /**
   * Finds the migrations that {@link migrate} would apply, and runs none of them.
   *
   * @throws PeekError as {@link migrate}.
   */
  async plan(plugin: StoragePlugin, applied: readonly AppliedMigration[]): Promise<readonly PlannedMigration[]> {
    const pending = planMigrations(plugin.name, await readMigrations(plugin.migrationsDir), applied);
    return await Promise.all(
      pending.map(async (file) => {
        const migration = await importMigration(file);
        return { name: file.name, isReversible: migration.down !== undefined, statements: [] };
      }),
    );
  }

  /**
   * Runs {@link migrate} in one transaction that is rolled back.
   *
   * @param pluginSchemaIn The schema that the plugin has by a catalogue, or that provisioning would create.
   * @param provision Creates the schema in the same transaction, where there is none yet.
   */
  async dryRun(
    plugin: StoragePlugin,
    pluginSchemaIn: (catalogue: Catalogue | undefined) => PluginSchema,
    provision: (client: ClientBase) => Promise<void>,
    signal: AbortSignal,
    { lockTimeoutMs }: DryRunOptions = {},
  ): Promise<readonly PlannedMigration[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (connection) => {
      // Undefined in a database that Peek has never used.
      const catalogue = await readCatalogue(connection.client);
      const pending = planMigrations(plugin.name, files, catalogue?.applied.get(plugin.name) ?? []);
      const pluginSchema = pluginSchemaIn(catalogue);
      if (pluginSchema.complete && pending.length === 0) return [];
      const tried: (PlannedMigration & { readonly statements: string[] })[] = [];
      const run = new MigrationExecutor(connection, pluginSchema, plugin.version, (sql) =>
        tried.at(-1)?.statements.push(sql),
      );
      // Until the transaction ends, no other process can create a schema.
      const prepare = async (client: ClientBase): Promise<void> => {
        if (!pluginSchema.complete) await provision(client);
        await client.query(addAllowsOlderSql);
      };
      const onMigration = ({ name }: MigrationFile, migration: Migration): void =>
        void tried.push({ name, isReversible: migration.down !== undefined, statements: [] });
      await run.dryRun(pending, prepare, onMigration, lockTimeoutMs);
      return tried;
    });
  }

  /**
   * Reverts the last migration of a plugin, or all after a given one.
   *
   * @returns The names of the migrations that were reverted, in that order.
   * @throws PeekError as {@link migrate}, `MIGRATION_NOT_REVERSIBLE`, or `USAGE` when there is no migration `to`.
   */
  async rollback(
    plugin: StoragePlugin,
    pluginSchema: PluginSchema,
    { to, edited = false }: RollbackOptions,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const files = await readMigrations(plugin.migrationsDir);
    return await this.#locked(plugin, signal, async (connection) => {
      const applied = await readApplied(connection.client, plugin.name);
      // With `edited`, checksums may differ, but every applied migration still needs a file.
      const strict = applied.map((each) => ({ ...each, allowsOlder: false }));
      const same = edited ? strict.map((each) => ({ ...each, checksum: checksumIn(files, each) })) : strict;
      planMigrations(plugin.name, files, same);
      const names = new Set(applied.map(({ name }) => name));
      const present = files.filter(({ name }) => names.has(name));
      const run = new MigrationExecutor(connection, pluginSchema, plugin.version);
      const reverted = present.slice(keptCount(plugin.name, present, to)).toReversed();
      for (const file of reverted) {
        await run.revert(file);
        this.#logger.info("%s: migration %s reverted", plugin.name, file.name);
      }
      return reverted.map(({ name }) => name);
    });
  }

  /** Says that a version runs on the tables of a later one. */
  #warnOfLater(
    { name, version }: StoragePlugin,
    files: readonly MigrationFile[],
    applied: readonly AppliedMigration[],
  ) {
    const later = laterMigrations(files, applied).map((each) => each.name);
    if (later.length === 0) return;
    const template = "%s: version %s lacks the migrations %s, which stay applied, and allow it to run on their tables";
    this.#logger.warning(template, name, version, later.join(", "));
  }

  async #locked<T>(
    plugin: StoragePlugin,
    signal: AbortSignal,
    work: (connection: PooledConnection) => Promise<T>,
    onStart?: () => void,
  ): Promise<T> {
    // Not in the pool's queue, which has a timeout: the migrations of another plugin may take an hour.
    return await this.#semaphore.run(async () => {
      onStart?.();
      return await this.#onOwnConnection((connection) => this.#lockedOn(connection, plugin, signal, work));
    }, signal);
  }

  /** Closes the connection afterwards, so that no session state of a plugin's migrations reaches another user of the pool. */
  async #onOwnConnection<T>(work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    const connection = await this.#pool.acquire();
    try {
      return await work(connection);
    } catch (error) {
      if (PeekError.is(error)) throw error;
      throw error instanceof DatabaseError || connection.lost !== undefined ? connection.explain(error, "") : error;
    } finally {
      this.#pool.release(connection, true);
    }
  }

  /** After an abort, it does not wait for the migration, whose promise may never settle. */
  async #lockedOn<T>(
    connection: PooledConnection,
    plugin: StoragePlugin,
    signal: AbortSignal,
    work: (connection: PooledConnection) => Promise<T>,
  ): Promise<T> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    let terminated: Promise<void> | undefined;
    const onAbort = (): void => {
      const reason = new PeekError("STORAGE_CLOSED", `The migration of ${plugin.name} was aborted.`);
      terminated = this.#terminateSession(connection, reason);
      reject(reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([
        aborted,
        withMigrationLock(connection, plugin.name, this.#logger, () => work(connection)),
      ]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      await terminated;
    }
  }

  /** Closes a connection, and terminates its session on the server, so that its transaction is rolled back at once. */
  async #terminateSession(connection: PooledConnection, reason: PeekError): Promise<void> {
    const { client } = connection;
    connection.markClosed(reason);
    client.connection.stream.destroy();
    // By itself, the server notices the closed connection only when the statement has finished.
    if ("processID" in client) {
      await Promise.race([this.#terminate(client.processID), delay(terminateTimeoutMs, undefined, { ref: false })]);
    }
  }

  async #terminate(processId: unknown): Promise<void> {
    try {
      await this.#pool.use(({ client }) => client.query("SELECT pg_terminate_backend($1)", [processId]));
    } catch {
      // The server then notices it at the end of the statement.
    }
  }
}

/** The present checksum of an applied migration's file. */
function checksumIn(files: readonly MigrationFile[], { name, checksum }: AppliedMigration): string {
  return files.find((file) => file.name === name)?.checksum ?? checksum;
}

/** How many of a plugin's migrations stay applied. */
function keptCount(plugin: string, present: readonly MigrationFile[], to: string | undefined): number {
  if (to === undefined) return Math.max(0, present.length - 1);
  if (/^0+$/.test(to)) return 0;
  const at = present.findIndex(({ name, number }) => name === to || (/^\d+$/.test(to) && number === BigInt(to)));
  if (at >= 0) return at + 1;
  throw new PeekError(
    "USAGE",
    `${plugin} has no applied migration ${to}. The applied migrations are: ${present.map(({ name }) => name).join(", ")}.`,
  );
}
