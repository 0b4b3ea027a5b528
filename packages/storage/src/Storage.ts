import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ActionLedger, ChangeSource, TaskDatabase, ThreadConnection } from "@peek/plugin-base/internal";
import type { PluginStorage } from "@peek/plugin-base/storage";
import type { ClientBase } from "pg";
import { ConnectionBudget } from "./access/ConnectionBudget.ts";
import { ConnectionPool, type ConnectionPoolOptions, type PoolStatus } from "./access/ConnectionPool.ts";
import { HealthMonitor } from "./access/HealthMonitor.ts";
import type { LentClient } from "./access/LentClient.ts";
import { PooledPluginStorage } from "./access/PooledPluginStorage.ts";
import { StorageHealth } from "./access/StorageHealth.ts";
import { ThreadConnections } from "./access/ThreadConnections.ts";
import { sendable, type ThreadStorageSettings } from "./access/ThreadStorageSettings.ts";
import { VortexLayout } from "./catalogue/VortexLayout.ts";
import { DatabaseChanges } from "./changes/DatabaseChanges.ts";
import { readerPool } from "./changes/readerPool.ts";
import { DatabaseLedger } from "./ledger/DatabaseLedger.ts";
import { type Catalogue, readCatalogue, type Room } from "./catalogue/readCatalogue.ts";
import { readServerFacts, type ServerFacts } from "./catalogue/readServerFacts.ts";
import type { ClientSettings } from "./connection/clientConfig.ts";
import { retryWhileUnavailable } from "./connection/retryWhileUnavailable.ts";
import { refuseSharedSession } from "./connection/refuseSharedSession.ts";
import { whileAnswering } from "./connection/whileAnswering.ts";
import { type ConnectionTarget, nameOf } from "./connection/ConnectionTarget.ts";
import { DatabaseLocation, type DatabaseLocationOptions } from "./DatabaseLocation.ts";
import { awaitMigrations } from "./migration/awaitMigrations.ts";
import { Migrator, type RehearsedMigration, type RollbackOptions } from "./migration/Migrator.ts";
import { connectionBudget } from "./connectionBudget.ts";
import { makeRooms, makeRoomsWithin, plannedRoom, type RefusedRooms } from "./room/makeRooms.ts";
import { rolePassword } from "./room/names.ts";
import { passwordSql } from "./room/roomSql.ts";
import type { StoragePlugin } from "./StoragePlugin.ts";
import type { StorageStatus } from "./StorageStatus.ts";
import { type SchemaSurvey, surveySchemas } from "./surveySchemas.ts";
import { PooledTaskDatabase } from "./tasks/PooledTaskDatabase.ts";

/** What a {@link Storage} is opened with. */
export interface StorageOptions extends DatabaseLocationOptions {
  /** Who opens it, as the server's administrator sees it in pg_stat_activity: `peek logic`. */
  readonly title: string;
  /** Whether schemas are made and migrated by this process, or waited for. */
  readonly migrations: "apply" | "await";
  /** Whether a database may be opened that is being copied into, or was when that broke off. Default: it may not. */
  readonly unfinishedCopy?: "accept" | "refuse";
  /** The plugins that require storage. */
  readonly plugins: readonly StoragePlugin[];
  /** Where the database is, if that has been asked before: disposed with the storage. Default: by these options. */
  readonly location?: DatabaseLocation;
}

/** How many connections the platform itself has at most: to migrate, and to see whether the database is there. */
const ownConnections = 3;
/** How old what was looked at may be for who waits for migrations; milliseconds. */
const freshMs = 400;

/** The database of a service, with a room for each plugin that requires storage. */
export class Storage implements AsyncDisposable {
  readonly #options: StorageOptions;
  readonly #target: ConnectionTarget;
  readonly #facts: ServerFacts;
  readonly #refused: RefusedRooms;
  readonly #logger: Logger;
  readonly #pool: ConnectionPool;
  readonly #health: StorageHealth;
  readonly #migrator: Migrator;
  readonly #budget: ConnectionBudget;
  readonly #owned: AsyncDisposableStack;
  readonly #threads: ThreadConnections;
  readonly #pools = new Map<string, ConnectionPool>();
  /** What plugins were handed, as long as they are loaded. */
  readonly #entered = new Map<string, PluginStorage<Record<string, never>>>();
  readonly #changes: DatabaseChanges;
  readonly #ledger: DatabaseLedger;
  #catalogue: Catalogue | undefined;
  #looking: Promise<Catalogue | undefined> | undefined;
  #lookedAt = -Infinity;

  private constructor(options: StorageOptions, opened: Opened, budget: ConnectionBudget, owned: AsyncDisposableStack) {
    this.#options = options;
    this.#target = opened.target;
    this.#facts = opened.facts;
    this.#refused = opened.refused;
    this.#catalogue = opened.catalogue;
    this.#pool = opened.pool;
    this.#health = opened.health;
    this.#logger = options.getLogger("peek_storage.Storage");
    this.#budget = budget;
    this.#migrator = new Migrator(this.#pool, ownConnections - 1, this.#logger);
    this.#owned = owned;
    this.#threads = owned.use(new ThreadConnections(budget, options.config.acquireTimeoutSeconds * 1000));
    const layout = new VortexLayout(opened.pool);
    this.#changes = owned.use(
      new DatabaseChanges({
        pool: opened.pool,
        readerPool: readerPool(options, opened),
        layout,
        health: opened.health,
        logger: options.getLogger("peek_storage.DatabaseChanges"),
        schemaOf: (plugin) => this.#room(plugin).schema,
      }),
    );
    this.#ledger = owned.use(
      new DatabaseLedger({
        pool: opened.pool,
        layout,
        logger: options.getLogger("peek_storage.DatabaseLedger"),
        storageOf: (plugin) => this.#entered.get(plugin),
      }),
    );
  }

  /**
   * Starts or finds the database, waits for it, and makes the rooms that are missing. Nothing is migrated yet.
   *
   * @throws PeekError `STORAGE_UNAVAILABLE`, `STORAGE_REFUSED`, `STORAGE_TOO_NEW`, `STORAGE_CONNECTIONS`,
   *   `STORAGE_EMBEDDED_FAILED`, `STORAGE_EMBEDDED_UNSUPPORTED` or `STORAGE_DATA_VERSION`; nothing is held then.
   */
  static async open(options: StorageOptions): Promise<Storage> {
    await using held = new AsyncDisposableStack();
    const { config, getLogger, signal } = options;
    const logger = getLogger("peek_storage.Storage");
    const location = held.use(options.location ?? new DatabaseLocation(options));
    let monitor: HealthMonitor | undefined;
    const health = new StorageHealth(logger, () => monitor?.hurry(), graceOf(options));
    const opened = await retryWhileUnavailable(() => open(options, location, health, logger), {
      retryMs: config.retrySeconds * 1000,
      logger,
      signal,
    });
    held.use(opened.pool);
    monitor = held.use(new HealthMonitor(opened.pool, health));
    const { target, facts } = opened;
    logger.info("PostgreSQL %s: %s", facts.version, nameOf(target));
    const budget = connectionBudget(options, facts, ownConnections, logger);
    return new Storage(options, opened, budget, held.move());
  }

  /**
   * Brings a plugin's schema to where its package expects it; or waits until another service has.
   *
   * @param signal Gives it up.
   * @param onTurn Called when no other plugin of this process is waited for any longer.
   * @throws PeekError `STORAGE_SCHEMA_…`, `STORAGE_ROLE_TAKEN`, `MIGRATION_…`, `MIGRATIONS_UNREADABLE` or
   *   `STORAGE_UNAVAILABLE`.
   */
  async migrate(name: string, signal: AbortSignal, onTurn?: () => void): Promise<readonly string[]> {
    const plugin = this.#plugin(name);
    if (this.#options.migrations === "await") {
      onTurn?.();
      await awaitMigrations(plugin, () => this.#look(), this.#logger, signal);
      return [];
    }
    const applied = this.#catalogue?.applied.get(name) ?? [];
    return await this.#migrator.migrate(plugin, this.#room(name), applied, signal, onTurn);
  }

  /** Tries what {@link migrate} would do, and takes it back; the schema too, where it would have to be made. */
  async rehearse(name: string, signal: AbortSignal): Promise<readonly RehearsedMigration[]> {
    const makeRoom = async (client: ClientBase): Promise<void> => {
      const { refused } = await makeRoomsWithin(client, this.#target, this.#facts, [name], this.#logger);
      const refusal = refused.get(name);
      if (refusal !== undefined) throw refusal;
    };
    const roomIn = (catalogue: Catalogue | undefined): Room => this.#plannedRoom(name, catalogue);
    return await this.#migrator.rehearse(this.#plugin(name), roomIn, makeRoom, signal);
  }

  /** Takes back migrations. See {@link Migrator.rollback}. */
  async rollback(name: string, options: RollbackOptions, signal: AbortSignal): Promise<readonly string[]> {
    return await this.#migrator.rollback(this.#plugin(name), this.#room(name), options, signal);
  }

  /** What is recorded in the database, as last looked at. */
  get catalogue(): Catalogue | undefined {
    return this.#catalogue;
  }

  /** The database as messages name it, without its password. */
  get title(): string {
    return nameOf(this.#target);
  }

  /** Tells what is committed to the plugins' tables. It is there, but does nothing before it is asked to. */
  get changes(): ChangeSource {
    return this.#changes;
  }

  /**
   * Records which actions were executed. Those of a plugin are executed on the connections that {@link enter} has given
   * it.
   */
  get ledger(): ActionLedger {
    return this.#ledger;
  }

  /** The database as tasks use it, on connections of their own, which whoever asked disposes. They are made when they are needed. */
  openTaskDatabase(): TaskDatabase {
    return new PooledTaskDatabase(this.#options, { target: this.#target, health: this.#health });
  }

  /** How each plugin's schema stands, those included that are only in the database. Changes nothing. */
  async survey(): Promise<readonly SchemaSurvey[]> {
    return await this.asOwner(async ({ client }) => {
      const catalogue = await readCatalogue(client);
      this.#catalogue = catalogue;
      const roomOf = (name: string): Room => this.#plannedRoom(name, catalogue);
      return await surveySchemas(client, catalogue, this.#options.plugins, roomOf);
    });
  }

  /**
   * Lends Peek's own tools a connection of the account that owns the database. When the work fails, it is cut off, so
   * that the server takes back what was open on it.
   */
  async asOwner<T>(work: (lent: LentClient) => Promise<T>): Promise<T> {
    return await lendOrCutOff(this.#pool, work);
  }

  /**
   * Lends Peek's own tools a connection on which a plugin is logged in itself: whatever its SQL does, it has no other
   * rights. Where plugins share the account that owns the database, it is that one's. It is closed afterwards.
   */
  async asPlugin<T>(name: string, work: (lent: LentClient) => Promise<T>): Promise<T> {
    const { config, title } = this.#options;
    const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
    await using pool = this.#poolFor(this.#room(name), {
      title: name,
      size: 1,
      settings: { applicationName: `${title} ${name}`, connectTimeoutMs },
    });
    return await lendOrCutOff(pool, work);
  }

  /**
   * What a plugin gets as `platform.storage`, on connections of its own. They are made when they are needed.
   *
   * @returns With the connections, which whoever asked disposes.
   */
  enter(name: string): {
    readonly storage: PluginStorage<Record<string, never>>;
    readonly connections: AsyncDisposable;
  } {
    const { config, title } = this.#options;
    const room = this.#room(name);
    const pool = this.#poolFor(room, {
      title: name,
      size: config.poolSize,
      prepares: true,
      onEnd: () => {
        this.#pools.delete(name);
        this.#entered.delete(name);
      },
      settings: this.#clientSettings(name, room.schema, title),
    });
    const storage = new PooledPluginStorage<Record<string, never>>(room.schema, pool);
    this.#pools.set(name, pool);
    this.#entered.set(name, storage);
    return { storage, connections: pool };
  }

  /** What {@link enter} has given a plugin, while that is loaded. */
  entered(name: string): PluginStorage<Record<string, never>> | undefined {
    return this.#entered.get(name);
  }

  /**
   * Waits until a thread may make a connection on which a plugin is logged in.
   *
   * @returns How it makes it, with `@peek/storage/thread`. Until it is disposed, it counts among the connections of the service.
   * @throws PeekError `STORAGE_BUSY`; the signal's reason.
   */
  async reserveForThread(name: string, signal: AbortSignal): Promise<ThreadConnection> {
    const { config, title } = this.#options;
    const room = this.#room(name);
    const reserved = await this.#threads.reserve(name, signal);
    const settings: ThreadStorageSettings = {
      ...sendable(this.#targetOf(room)),
      client: this.#clientSettings(name, room.schema, `${title} thread`),
      schema: room.schema,
      title: `a heavy task of ${name}`,
      acquireTimeoutMs: config.acquireTimeoutSeconds * 1000,
    };
    return { settings, [Symbol.dispose]: () => reserved[Symbol.dispose]() };
  }

  status(): StorageStatus {
    const { kind, host, port, database } = this.#target;
    const rooms = [...(this.#catalogue?.rooms.values() ?? [])];
    const pools = [...this.#pools].map(([name, pool]): readonly [string, PoolStatus] => [name, pool.status()]);
    return {
      kind,
      host,
      port,
      database,
      serverVersion: this.#facts.version,
      rolePerPlugin: rooms.every(({ role }) => role !== undefined),
      ...this.#health.status(),
      pools: Object.fromEntries(pools),
    };
  }

  /** Closes what is open, and stops the embedded database if this process runs it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  #clientSettings(name: string, schema: string, title: string): ClientSettings {
    const { acquireTimeoutSeconds, statementTimeoutSeconds, idleInTransactionTimeoutSeconds } = this.#options.config;
    return {
      applicationName: `${title} ${name}`,
      connectTimeoutMs: acquireTimeoutSeconds * 1000,
      statementTimeoutMs: statementTimeoutSeconds * 1000,
      idleInTransactionTimeoutMs: idleInTransactionTimeoutSeconds * 1000,
      schema,
    };
  }

  /** Connections on which a plugin is logged in. */
  #poolFor(
    room: Room,
    own: Pick<ConnectionPoolOptions, "title" | "size" | "settings"> & Partial<ConnectionPoolOptions>,
  ): ConnectionPool {
    return new ConnectionPool({
      target: this.#targetOf(room),
      acquireTimeoutMs: this.#options.config.acquireTimeoutSeconds * 1000,
      budget: this.#budget,
      health: this.#health,
      prepares: false,
      ...(room.role !== undefined && { onWrongPassword: () => this.#setPassword(room.plugin) }),
      ...own,
    });
  }

  #plugin(name: string): StoragePlugin {
    const plugin = this.#options.plugins.find((each) => each.name === name);
    if (plugin !== undefined) return plugin;
    throw new PeekError("INTERNAL", `The storage was opened without ${name}.`);
  }

  #room(name: string): Room {
    const refused = this.#refused.get(name);
    if (refused !== undefined) throw refused;
    const room = this.#catalogue?.rooms.get(name);
    if (room !== undefined) return room;
    throw new PeekError("INTERNAL", `${name} has no schema in the database, though it was to be made.`);
  }

  #plannedRoom(name: string, catalogue: Catalogue | undefined): Room {
    return plannedRoom(name, this.#target.database, this.#facts, catalogue?.rooms.get(name));
  }

  /** The account of a plugin: its own role, or that of the database where roles cannot be made. */
  #targetOf({ role }: Room): ConnectionTarget {
    if (role === undefined) return this.#target;
    const passwordNow = (): string => rolePassword(this.#catalogue?.secret ?? "", role);
    return {
      ...this.#target,
      user: role,
      // With the secret of then.
      get password() {
        return passwordNow();
      },
    };
  }

  /**
   * Gives a role the password that it is to have. Somebody has changed it; or the database came from a backup, with the
   * secret of then, to a server that had the roles already. When that happened while this process ran, another may have
   * given it: the secret is another one now, which is used from then on.
   */
  async #setPassword(plugin: string): Promise<void> {
    const { role } = this.#room(plugin);
    const catalogue = await this.#pool.use(({ client }) => readCatalogue(client));
    if (role === undefined || catalogue === undefined) return;
    const isKnown = catalogue.secret === this.#catalogue?.secret;
    this.#catalogue = catalogue;
    if (!isKnown) return;
    const sql = await passwordSql(role, catalogue.secret);
    try {
      await this.#pool.use(({ client }) => client.query(sql));
    } catch (error) {
      throw new PeekError(
        "STORAGE_REFUSED",
        `The role ${role} of ${plugin} has another password than Peek gave it, and cannot be given it again: ${messageOf(error)}. Let the account of storage.connectUrl alter the role.`,
        { cause: error, fields: { plugin, role } },
      );
    }
    this.#logger.warning("The role %s of %s had another password than Peek gave it, and has it again", role, plugin);
  }

  /** What is recorded now; whoever asks at the same time, or shortly after, gets the same answer. */
  #look(): Promise<Catalogue | undefined> {
    const look = async (): Promise<Catalogue | undefined> => {
      try {
        this.#catalogue = await this.#pool.use((lent) => readCatalogue(lent.client));
        return this.#catalogue;
      } catch (error) {
        // Noted by the pool, and waited for.
        if (this.#health.available) throw error;
        return undefined;
      } finally {
        this.#lookedAt = performance.now();
      }
    };
    if (this.#looking === undefined || performance.now() - this.#lookedAt > freshMs) {
      // Until it is answered, it is not old.
      this.#lookedAt = Infinity;
      this.#looking = look();
    }
    return this.#looking;
  }
}

/** How long logic may take to start again, with its embedded database, before that is an error for others; milliseconds. */
const restartMs = 10_000;

/** How long the database may be away before that is an error. */
function graceOf({ embedded, config }: StorageOptions): number {
  return embedded === "find" && config.connectUrl === undefined ? restartMs : 0;
}

/** When the work fails, its connection is cut off, so that the server takes back what was open on it. */
async function lendOrCutOff<T>(pool: ConnectionPool, work: (lent: LentClient) => Promise<T>): Promise<T> {
  const lent = await pool.acquire();
  try {
    const result = await work(lent);
    pool.release(lent);
    return result;
  } catch (error) {
    // Not end(): a server that is in the middle of a COPY would have to be listened to until its end.
    lent.client.connection.stream.destroy();
    pool.release(lent, true);
    throw error;
  }
}

interface Opened {
  readonly target: ConnectionTarget;
  readonly pool: ConnectionPool;
  readonly health: StorageHealth;
  readonly facts: ServerFacts;
  readonly catalogue: Catalogue | undefined;
  readonly refused: RefusedRooms;
}

async function open(
  options: StorageOptions,
  location: DatabaseLocation,
  health: StorageHealth,
  logger: Logger,
): Promise<Opened> {
  await using held = new AsyncDisposableStack();
  const { title, config, migrations, plugins, signal } = options;
  const target = await location.find();
  const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
  const pool = held.use(
    new ConnectionPool({
      target,
      title: "the platform",
      size: ownConnections,
      acquireTimeoutMs: connectTimeoutMs,
      budget: new ConnectionBudget(Infinity),
      health,
      // Migrations change tables under their statements' feet, and come once.
      prepares: false,
      isVital: true,
      settings: { applicationName: title, connectTimeoutMs },
    }),
  );
  const answering = { target, silenceMs: connectTimeoutMs, signal };
  const found = await whileAnswering(pool, answering, async (client, allow) => {
    const facts = await readServerFacts(client);
    // With a single connection, nothing could be compared.
    if (target.kind !== "embedded" && facts.connections > 1) await refuseSharedSession(pool, facts.pid);
    const seen = await readCatalogue(client);
    if (seen?.copyBeganAt !== undefined && options.unfinishedCopy !== "accept")
      throw unfinished(target, seen.copyBeganAt);
    if (migrations === "await") return { facts, catalogue: seen, refused: new Map<string, PeekError>() };
    const names = plugins.map(({ name }) => name);
    // To give what is in a restored schema to its role takes a server longer than to answer a question.
    allow(Math.max(config.statementTimeoutSeconds, config.acquireTimeoutSeconds) * 1000);
    return { facts, ...(await makeRooms(client, target, facts, names, seen, logger)) };
  });
  held.move();
  return { target, pool, health, ...found };
}

function unfinished(target: ConnectionTarget, since: string): PeekError {
  return new PeekError(
    "STORAGE_REFUSED",
    `The database ${nameOf(target)} is being copied into since ${since}, or that broke off: what the plugins have in it is not complete. Wait for peek storage copy to end, or run it again, which begins anew.`,
  );
}
