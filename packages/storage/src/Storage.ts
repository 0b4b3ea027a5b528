import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ActionLedger, ChangeSource, TaskDatabase, ThreadConnection } from "@peek/plugin-base/internal";
import type { ClientBase } from "pg";
import { CatalogueCache } from "./CatalogueCache.ts";
import { type Catalogue, type PluginSchema, readCatalogue } from "./catalogue/readCatalogue.ts";
import { VortexLayout } from "./catalogue/VortexLayout.ts";
import { describeTarget } from "./connection/ConnectionTarget.ts";
import { retryWhileUnavailable } from "./connection/retryWhileUnavailable.ts";
import { DatabaseLocation } from "./DatabaseLocation.ts";
import { HealthMonitor } from "./health/HealthMonitor.ts";
import { StorageHealth } from "./health/StorageHealth.ts";
import { DatabaseLedger } from "./ledger/DatabaseLedger.ts";
import { awaitMigrations } from "./migration/awaitMigrations.ts";
import { type DryRunOptions, Migrator, type PlannedMigration, type RollbackOptions } from "./migration/Migrator.ts";
import { type OpenDatabase, openDatabase, platformConnections } from "./openDatabase.ts";
import { ChangeDataCapture } from "./outbox/ChangeDataCapture.ts";
import { type AnyPluginStorage, PluginConnections } from "./PluginConnections.ts";
import { ConnectionBudget } from "./pool/ConnectionBudget.ts";
import type { ConnectionPool } from "./pool/ConnectionPool.ts";
import { platformPool } from "./pool/platformPool.ts";
import { planConnectionLimit } from "./pool/planConnectionLimit.ts";
import type { PooledConnection } from "./pool/PooledConnection.ts";
import { dropSchema } from "./provisioning/dropSchema.ts";
import { provisionSchemasInTransaction } from "./provisioning/provisionSchemas.ts";
import { readSchemaStatuses, type SchemaStatus } from "./readSchemaStatuses.ts";
import type { StorageOptions } from "./StorageOptions.ts";
import type { StoragePlugin } from "./StoragePlugin.ts";
import type { StorageStatus } from "./StorageStatus.ts";
import { defaultStorageTiming } from "./StorageTiming.ts";
import { PooledTaskDatabase } from "./pool/PooledTaskDatabase.ts";

/** The time that logic may need to restart with its embedded database before its absence is an error for others. */
const restartMs = 10_000;

/** The database of a service, with a schema for each plugin that requires storage. */
export class Storage implements AsyncDisposable {
  readonly #options: StorageOptions;
  readonly #database: OpenDatabase;
  readonly #logger: Logger;
  /** The plugins that require storage, in their present versions, by name. */
  readonly #known: Map<string, StoragePlugin>;
  /** The migrations that the last version of each plugin has applied. */
  readonly #lastApplied = new Map<string, readonly string[]>();
  readonly #budget: ConnectionBudget;
  readonly #catalogue: CatalogueCache;
  readonly #migrator: Migrator;
  readonly #owned: AsyncDisposableStack;
  readonly #plugins: PluginConnections;
  readonly #changes: ChangeDataCapture;
  readonly #ledger: DatabaseLedger;

  private constructor(
    options: StorageOptions,
    database: OpenDatabase,
    budget: ConnectionBudget,
    owned: AsyncDisposableStack,
  ) {
    const { pool, health } = database;
    const logger = options.getLogger("peek_storage.Storage");
    const catalogue = new CatalogueCache(database);
    this.#options = options;
    this.#database = database;
    this.#known = new Map(options.plugins.map((plugin) => [plugin.name, plugin]));
    this.#budget = budget;
    this.#logger = logger;
    this.#catalogue = catalogue;
    this.#owned = owned;
    this.#migrator = new Migrator(pool, platformConnections - 1, logger);
    this.#plugins = owned.use(new PluginConnections({ storage: options, database, catalogue, budget, logger }));
    const layout = new VortexLayout(pool);
    this.#changes = owned.use(
      new ChangeDataCapture({
        pool,
        outboxPool: platformPool(options, database, { title: "the outbox", suffix: "changes", size: 1 }),
        layout,
        health,
        logger: options.getLogger("peek_storage.ChangeDataCapture"),
        schemaOf: (plugin) => catalogue.schemaOf(plugin).schema,
        timing: { ...defaultStorageTiming, ...options.timing },
      }),
    );
    this.#ledger = owned.use(
      new DatabaseLedger({
        pool,
        layout,
        logger: options.getLogger("peek_storage.DatabaseLedger"),
        storageOf: (plugin) => this.#plugins.storageOf(plugin),
      }),
    );
  }

  /**
   * Starts or finds the database, waits until it answers, and provisions the schemas that are missing. Applies no
   * migrations.
   *
   * @throws PeekError `STORAGE_UNAVAILABLE`, `STORAGE_REFUSED`, `STORAGE_TOO_NEW`, `STORAGE_CONNECTIONS`,
   *   `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED` or `STORAGE_DATA_VERSION`; nothing stays open then.
   */
  static async open(options: StorageOptions): Promise<Storage> {
    await using held = new AsyncDisposableStack();
    const { config, getLogger, signal } = options;
    const logger = getLogger("peek_storage.Storage");
    const location = held.use(options.location ?? new DatabaseLocation(options));
    let monitor: HealthMonitor | undefined;
    const health = new StorageHealth(logger, () => monitor?.schedule(), restartGraceMs(options));
    const database = await retryWhileUnavailable(() => openDatabase(options, location, health, logger), {
      retryMs: config.retrySeconds * 1000,
      logger,
      signal,
    });
    held.use(database.pool);
    monitor = held.use(new HealthMonitor(database.pool, health, options.timing?.health));
    const { target, serverInfo } = database;
    logger.info("PostgreSQL %s: %s", serverInfo.version, describeTarget(target));
    const limit = planConnectionLimit(options.plugins.length, config, serverInfo, platformConnections, logger);
    return new Storage(options, database, new ConnectionBudget(limit), held.move());
  }

  /**
   * Takes a plugin that the storage was opened without, or another version of a known one: its schema is provisioned where
   * this process applies migrations, and its connections are counted. {@link migrate} comes next. Does nothing for a
   * version that is known.
   *
   * @param signal Ends the wait for a database that is unavailable. Default: `storage.retrySeconds` alone ends it.
   * @throws PeekError `STORAGE_CONNECTIONS`, `STORAGE_SCHEMA_…`, `STORAGE_ROLE_TAKEN`, `STORAGE_UNAVAILABLE` or
   *   `STORAGE_REFUSED`; the next call tries again.
   */
  async register(plugin: StoragePlugin, signal: AbortSignal = AbortSignal.any([])): Promise<void> {
    const known = this.#known.get(plugin.name);
    if (known?.version === plugin.version && known.migrationsDir === plugin.migrationsDir) return;
    this.#known.set(plugin.name, plugin);
    if (known !== undefined) return;
    const { config, migrations } = this.#options;
    const { serverInfo } = this.#database;
    try {
      this.#budget.limit = planConnectionLimit(this.#known.size, config, serverInfo, platformConnections, this.#logger);
      const provision = (): Promise<void> => this.#catalogue.provision(plugin.name, this.#logger);
      if (migrations === "apply") await this.#retry(provision, signal);
    } catch (error) {
      this.#known.delete(plugin.name);
      throw error;
    }
  }

  /**
   * Migrates a plugin's schema to the version of its package; or waits until another service has. When the database becomes unavailable,
   * the migration, which the server has rolled back, is tried again for up to `storage.retrySeconds`.
   *
   * @param signal Aborts the migration or the wait.
   * @param onStart Called when no other plugin of this process has to be waited for any longer.
   * @param isBroughtBack Whether the version before is brought back because a later one failed: it runs on the tables of the later
   *   one, even if these do not allow it, and so do its next starts. Default: false.
   * @returns The names of the migrations that were applied.
   * @throws PeekError `STORAGE_SCHEMA_…`, `STORAGE_ROLE_TAKEN`, `MIGRATION_…`, `MIGRATIONS_UNREADABLE` or
   *   `STORAGE_UNAVAILABLE`.
   */
  async migrate(
    name: string,
    signal: AbortSignal,
    onStart?: () => void,
    isBroughtBack = false,
  ): Promise<readonly string[]> {
    const plugin = this.#plugin(name);
    if (this.#options.migrations === "await") {
      onStart?.();
      await awaitMigrations(plugin, () => this.#catalogue.refresh(), this.#logger, signal, isBroughtBack);
      return [];
    }
    const seen = this.catalogue?.applied.get(name) ?? [];
    const schema = this.#catalogue.schemaOf(name);
    // A package that was replaced in its folder has the files of the version that failed.
    const undone = isBroughtBack ? (this.#lastApplied.get(name) ?? []) : undefined;
    let attempts = 0;
    const attempt = (): Promise<readonly string[]> => {
      attempts += 1;
      return this.#migrator.migrate(plugin, schema, seen, signal, onStart, undone);
    };
    const applied = await this.#retry(attempt, signal);
    this.#lastApplied.set(name, applied);
    // An attempt that failed may have applied some of them.
    if (applied.length > 0 || attempts > 1) await this.#catalogue.reread();
    return applied;
  }

  /**
   * The migrations that {@link migrate} would apply for a version of a plugin, which need not be registered. Changes nothing.
   *
   * @throws PeekError `MIGRATION_…` when the version cannot run on the present tables, or `MIGRATIONS_UNREADABLE`.
   */
  async planMigrations(plugin: StoragePlugin): Promise<readonly PlannedMigration[]> {
    const catalogue = await this.#catalogue.reread();
    return await this.#migrator.plan(plugin, catalogue?.applied.get(plugin.name) ?? []);
  }

  /**
   * Runs {@link migrate}, and the provisioning of the schema where needed, in a transaction that is rolled back.
   *
   * @param version The name of a registered plugin, or a version that need not be registered.
   */
  async dryRun(
    version: string | StoragePlugin,
    signal: AbortSignal,
    options?: DryRunOptions,
  ): Promise<readonly PlannedMigration[]> {
    const plugin = typeof version === "string" ? this.#plugin(version) : version;
    const { name } = plugin;
    const { target, serverInfo } = this.#database;
    const provision = async (client: ClientBase): Promise<void> => {
      const { refused } = await provisionSchemasInTransaction(client, target, serverInfo, [name], this.#logger);
      const refusal = refused.get(name);
      if (refusal !== undefined) throw refusal;
    };
    const pluginSchemaIn = (catalogue: Catalogue | undefined): PluginSchema =>
      this.#catalogue.plannedSchema(name, catalogue);
    return await this.#migrator.dryRun(plugin, pluginSchemaIn, provision, signal, options);
  }

  /**
   * Drops the schema of a plugin that does not run any more, with all its tables and its role. The plugin may be registered again.
   *
   * @returns The name of the schema; undefined when the plugin has none.
   * @throws PeekError `STORAGE_UNAVAILABLE`, or `STORAGE_REFUSED` when somebody uses a table for too long; nothing was dropped then.
   */
  async dropSchema(name: string): Promise<string | undefined> {
    const schema = await this.asOwner(({ client }) => dropSchema(client, name, this.#logger));
    this.#known.delete(name);
    this.#lastApplied.delete(name);
    await this.#catalogue.reread();
    return schema;
  }

  /** Reverts migrations. See {@link Migrator.rollback}. */
  async rollback(name: string, options: RollbackOptions, signal: AbortSignal): Promise<readonly string[]> {
    return await this.#migrator.rollback(this.#plugin(name), this.#catalogue.schemaOf(name), options, signal);
  }

  /** The catalogue of the database, as last read. */
  get catalogue(): Catalogue | undefined {
    return this.#catalogue.current;
  }

  /** The database as messages name it, without its password. */
  get title(): string {
    return describeTarget(this.#database.target);
  }

  /** Notifies of committed changes of the plugins' tables. It is idle until the first table is watched. */
  get changes(): ChangeSource {
    return this.#changes;
  }

  /** Executes actions exactly once, on the connections of {@link openPluginStorage}. */
  get ledger(): ActionLedger {
    return this.#ledger;
  }

  /** The database for tasks, on connections of its own, which are made on demand. The caller disposes it. */
  openTaskDatabase(): TaskDatabase {
    return new PooledTaskDatabase(this.#options, this.#database);
  }

  /** The status of each plugin's schema, also of plugins that exist in the database only. Changes nothing. */
  async schemaStatuses(): Promise<readonly SchemaStatus[]> {
    return await this.asOwner(async ({ client }) => {
      const catalogue = await readCatalogue(client);
      this.#catalogue.current = catalogue;
      const pluginSchemaOf = (name: string): PluginSchema => this.#catalogue.plannedSchema(name, catalogue);
      return await readSchemaStatuses(client, catalogue, [...this.#known.values()], pluginSchemaOf);
    });
  }

  /**
   * Runs work of Peek's own tools on a connection of the account that owns the database. When the work fails, the
   * connection is destroyed, so that the server rolls back.
   */
  async asOwner<T>(work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    return await useOrDestroy(this.#database.pool, work);
  }

  /**
   * Runs work of Peek's own tools on a connection that is logged in as a plugin, so that the plugin's SQL runs with the
   * plugin's rights only. Where plugins share the account that owns the database, it is logged in as that account. The
   * connection is closed afterwards.
   */
  async asPlugin<T>(name: string, work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    await using pool = this.#plugins.openUnlimited(name);
    return await useOrDestroy(pool, work);
  }

  /**
   * Opens the storage that a plugin gets as `platform.storage`, on connections of its own, which are made on demand.
   *
   * @returns The storage, and its connections, which the caller disposes.
   */
  openPluginStorage(name: string): { readonly storage: AnyPluginStorage; readonly connections: AsyncDisposable } {
    return this.#plugins.open(name);
  }

  /** The storage that {@link openPluginStorage} has opened; undefined when its connections are disposed. */
  pluginStorage(name: string): AnyPluginStorage | undefined {
    return this.#plugins.storageOf(name);
  }

  /**
   * Waits until a thread may make a connection on which a plugin is logged in.
   *
   * @returns The settings for `@peek/storage/thread`. Until they are disposed, the connection counts as the service's.
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  async reserveForThread(name: string, signal: AbortSignal): Promise<ThreadConnection> {
    return await this.#plugins.reserveForThread(name, signal);
  }

  status(): StorageStatus {
    const { target, serverInfo, health } = this.#database;
    const pluginSchemas = [...(this.catalogue?.pluginSchemas.values() ?? [])];
    return {
      kind: target.kind,
      host: target.host,
      port: target.port,
      database: target.database,
      serverVersion: serverInfo.version,
      rolePerPlugin: pluginSchemas.every(({ role }) => role !== undefined),
      ...health.status(),
      pools: this.#plugins.status(),
    };
  }

  /** Closes all connections, and stops the embedded database if this process runs it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #retry<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const retryMs = this.#options.config.retrySeconds * 1000;
    return await retryWhileUnavailable(work, { retryMs, logger: this.#logger, signal });
  }

  #plugin(name: string): StoragePlugin {
    const plugin = this.#known.get(name);
    if (plugin !== undefined) return plugin;
    throw new PeekError("INTERNAL", `The storage does not know the plugin ${name}.`);
  }
}

/** How long the database may be unavailable before that is an error. */
function restartGraceMs({ embedded, config }: StorageOptions): number {
  return embedded === "find" && config.connectUrl === undefined ? restartMs : 0;
}

/** When the work fails, the connection is destroyed, so that the server rolls back. */
async function useOrDestroy<T>(pool: ConnectionPool, work: (connection: PooledConnection) => Promise<T>): Promise<T> {
  const connection = await pool.acquire();
  try {
    const result = await work(connection);
    pool.release(connection);
    return result;
  } catch (error) {
    // Not end(): in the middle of a COPY, that would wait for the server to send the rest.
    connection.client.connection.stream.destroy();
    pool.release(connection, true);
    throw error;
  }
}
