import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ThreadConnection } from "@peek/plugin-base/internal";
import type { PluginStorage } from "@peek/plugin-base/storage";
import type { CatalogueCache } from "./CatalogueCache.ts";
import { type PluginSchema, readCatalogue } from "./catalogue/readCatalogue.ts";
import type { ClientSettings } from "./connection/clientConfig.ts";
import type { ConnectionTarget } from "./connection/ConnectionTarget.ts";
import type { OpenDatabase } from "./openDatabase.ts";
import type { ConnectionBudget } from "./pool/ConnectionBudget.ts";
import { ConnectionPool, type ConnectionPoolOptions, type PoolStatus } from "./pool/ConnectionPool.ts";
import { ThreadConnections } from "./pool/ThreadConnections.ts";
import { rolePassword } from "./provisioning/names.ts";
import { passwordSql } from "./provisioning/schemaSql.ts";
import { PooledPluginStorage } from "./query/PooledPluginStorage.ts";
import type { StorageOptions } from "./StorageOptions.ts";
import { type ThreadStorageSettings, toThreadTarget } from "./thread/ThreadStorageSettings.ts";

/** The storage of a plugin whose tables the platform does not know. */
export type AnyPluginStorage = PluginStorage<Record<string, never>>;

/** The parts that {@link PluginConnections} are made of. */
export interface PluginConnectionsOptions {
  readonly storage: StorageOptions;
  readonly database: OpenDatabase;
  readonly catalogue: CatalogueCache;
  /** Shared by all plugins and by the threads of their tasks. */
  readonly budget: ConnectionBudget;
  readonly logger: Logger;
}

/** The connections of the plugins, each logged in as the plugin's role where it has one. */
export class PluginConnections implements Disposable {
  readonly #options: PluginConnectionsOptions;
  readonly #threads: ThreadConnections;
  readonly #pools = new Map<string, ConnectionPool>();
  /** The storage of each plugin that is loaded. */
  readonly #storages = new Map<string, AnyPluginStorage>();

  constructor(options: PluginConnectionsOptions) {
    this.#options = options;
    this.#threads = new ThreadConnections(options.budget, options.storage.config.acquireTimeoutSeconds * 1000);
  }

  /** Opens the pool of a plugin. Connections are made on demand; the caller disposes them. */
  open(name: string): { readonly storage: AnyPluginStorage; readonly connections: AsyncDisposable } {
    const { config, title } = this.#options.storage;
    const pluginSchema = this.#options.catalogue.schemaOf(name);
    const pool = this.#poolOf(pluginSchema, {
      title: name,
      plugin: name,
      size: config.poolSize,
      prepares: true,
      onEnd: () => {
        // The plugin may have been loaded again meanwhile.
        if (this.#pools.get(name) !== pool) return;
        this.#pools.delete(name);
        this.#storages.delete(name);
      },
      settings: this.#clientSettings(name, pluginSchema.schema, title),
    });
    const storage = new PooledPluginStorage<Record<string, never>>(pluginSchema.schema, pool);
    this.#pools.set(name, pool);
    this.#storages.set(name, storage);
    return { storage, connections: pool };
  }

  /** A pool of one connection without the limits of a plugin's statements; the caller disposes it. */
  openUnlimited(name: string): ConnectionPool {
    const { config, title } = this.#options.storage;
    return this.#poolOf(this.#options.catalogue.schemaOf(name), {
      title: name,
      size: 1,
      settings: { applicationName: `${title} ${name}`, connectTimeoutMs: config.acquireTimeoutSeconds * 1000 },
    });
  }

  /** The storage of a plugin, from {@link open} until its connections are disposed. */
  storageOf(name: string): AnyPluginStorage | undefined {
    return this.#storages.get(name);
  }

  /**
   * Waits until the budget allows a thread of a plugin one more connection.
   *
   * @returns The settings of the connection. It counts against the budget until this is disposed.
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  async reserveForThread(name: string, signal: AbortSignal): Promise<ThreadConnection> {
    const { storage, catalogue } = this.#options;
    const pluginSchema = catalogue.schemaOf(name);
    const reserved = await this.#threads.reserve(name, signal);
    const settings: ThreadStorageSettings = {
      ...toThreadTarget(this.#targetOf(pluginSchema)),
      client: this.#clientSettings(name, pluginSchema.schema, `${storage.title} thread`),
      schema: pluginSchema.schema,
      title: `a heavy task of ${name}`,
      acquireTimeoutMs: storage.config.acquireTimeoutSeconds * 1000,
    };
    return { settings, [Symbol.dispose]: () => reserved[Symbol.dispose]() };
  }

  /** By plugin. */
  status(): Readonly<Record<string, PoolStatus>> {
    return Object.fromEntries([...this.#pools].map(([name, pool]) => [name, pool.status()]));
  }

  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }

  #clientSettings(name: string, schema: string, title: string): ClientSettings {
    const { config, timing } = this.#options.storage;
    return {
      applicationName: `${title} ${name}`,
      connectTimeoutMs: config.acquireTimeoutSeconds * 1000,
      statementTimeoutMs: config.statementTimeoutSeconds * 1000,
      idleInTransactionTimeoutMs: config.idleInTransactionTimeoutSeconds * 1000,
      ...(timing?.answerGraceMs !== undefined && { answerGraceMs: timing.answerGraceMs }),
      schema,
    };
  }

  #poolOf(
    pluginSchema: PluginSchema,
    own: Pick<ConnectionPoolOptions, "title" | "size" | "settings"> & Partial<ConnectionPoolOptions>,
  ): ConnectionPool {
    const { storage, budget, database } = this.#options;
    return new ConnectionPool({
      target: this.#targetOf(pluginSchema),
      acquireTimeoutMs: storage.config.acquireTimeoutSeconds * 1000,
      budget,
      health: database.health,
      prepares: false,
      ...(pluginSchema.role !== undefined && { onWrongPassword: () => this.#resetPassword(pluginSchema.plugin) }),
      ...own,
    });
  }

  /** Logs in as the plugin's role, or as the account of the database where roles cannot be created. */
  #targetOf({ role }: PluginSchema): ConnectionTarget {
    const { catalogue, database } = this.#options;
    if (role === undefined) return database.target;
    const currentPassword = (): string => rolePassword(catalogue.current?.secret ?? "", role);
    return {
      ...database.target,
      user: role,
      // A getter, since the secret may change while the pool is open.
      get password() {
        return currentPassword();
      },
    };
  }

  /**
   * Resets the password of a role that the server has rejected. Either a person has changed it, or the database was
   * restored from a backup, with an older secret, to a server that had the roles already. Where another process has reset
   * it meanwhile, the catalogue has a new secret, which is used from then on.
   */
  async #resetPassword(plugin: string): Promise<void> {
    const { catalogue, database, logger } = this.#options;
    const { role } = catalogue.schemaOf(plugin);
    const latest = await database.pool.use(({ client }) => readCatalogue(client));
    if (role === undefined || latest === undefined) return;
    const isKnown = latest.secret === catalogue.current?.secret;
    catalogue.current = latest;
    if (!isKnown) return;
    const sql = await passwordSql(role, latest.secret);
    try {
      await database.pool.use(({ client }) => client.query(sql));
    } catch (error) {
      throw new PeekError(
        "STORAGE_REFUSED",
        `The server rejects Peek's password of the role ${role} of ${plugin}, and resetting it failed: ${messageOf(error)}. Allow the account of storage.connectUrl to alter the role.`,
        { cause: error, fields: { plugin, role } },
      );
    }
    logger.warning("Reset the password of the role %s of %s, which had been changed", role, plugin);
  }
}
