import { messageOf, PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import { type ClientBase, type ClientConfig, DatabaseError, Pool, type PoolClient } from "pg";
import { clientConfig, type ClientSettings } from "../connection/clientConfig.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { explainConnectFailure } from "../connection/explainConnectFailure.ts";
import { SessionClient } from "../connection/SessionClient.ts";
import { sessionSql } from "../connection/sessionSettings.ts";
import type { StorageHealth } from "../health/StorageHealth.ts";
import { AcquireQueue } from "./AcquireQueue.ts";
import type { BudgetedPool, ConnectionBudget } from "./ConnectionBudget.ts";
import { OpenConnections } from "./OpenConnections.ts";
import { PooledConnection } from "./PooledConnection.ts";
import { PreparedStatements } from "./PreparedStatements.ts";

/** The options of a {@link ConnectionPool}. */
export interface ConnectionPoolOptions {
  readonly target: ConnectionTarget;
  readonly settings: ClientSettings;
  /** The owner, as messages name it: the plugin's name. */
  readonly title: string;
  /** The plugin whose connections these are: using them after the end fails with `PLUGIN_RELEASED`. Default: none. */
  readonly plugin?: string;
  /** The maximum number of connections. */
  readonly size: number;
  /** The maximum time that {@link ConnectionPool.acquire} waits for a connection. */
  readonly acquireTimeoutMs: number;
  readonly budget: ConnectionBudget;
  readonly health: StorageHealth;
  /** Whether statements that are repeated are prepared. */
  readonly prepares: boolean;
  /** Whether the service cannot work without this pool: a server without a free connection is then unavailable, not busy. */
  readonly isVital?: boolean;
  /** Called when the server rejects the password; the connection is then tried once more. */
  readonly onWrongPassword?: () => Promise<void>;
  /** Called when the pool begins to close. */
  readonly onEnd?: () => void;
}

/** The status of a pool: plain data. */
export interface PoolStatus {
  /** The maximum number of connections. */
  readonly size: number;
  readonly open: number;
  readonly idle: number;
  /** How many requests wait for a connection. */
  readonly waiting: number;
}

/** An idle connection is closed after this time. */
const idleTimeoutMs = 30_000;
/** The pause after the server has refused a connection because it has no free one. */
const tooManyConnectionsRetryMs = 100;
/** How long disposal waits for connections in use. */
const drainTimeoutMs = 2000;
/** How long disposal waits for the server to close connections. */
const closeTimeoutMs = 1000;
/** The time to read from a stream, where statements have no time limit. */
const defaultStreamTimeoutMs = 60_000;
/** Beyond its limit on the server, the time in which the answer to a statement may arrive. */
const streamGraceMs = 5000;

/**
 * A pool of connections that are made on demand and replaced when lost. It has its own queue, first come, first served:
 * that of `pg` does not know the budget that several pools share.
 */
export class ConnectionPool implements BudgetedPool, AsyncDisposable {
  readonly #options: ConnectionPoolOptions;
  readonly #sessionSql: string;
  readonly #pool: Pool;
  readonly #open: OpenConnections;
  readonly #queue = new AcquireQueue<PoolClient>();
  /** The connections in use. */
  readonly #acquired = new Set<PooledConnection>();
  readonly #prepared = new WeakMap<PoolClient, PreparedStatements>();
  #ending: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(options: ConnectionPoolOptions) {
    const { target, settings, size, acquireTimeoutMs, health, budget } = options;
    this.#options = options;
    const open = new OpenConnections(() => {
      budget.connectionClosed();
      this.serve();
    });
    this.#open = open;
    const session = sessionSql(settings);
    this.#sessionSql = session;
    // The pool awaits it, though its types do not say so.
    const onConnect = (client: ClientBase): unknown => client.query(session);
    this.#pool = new Pool({
      ...clientConfig(target, { ...settings, connectTimeoutMs: acquireTimeoutMs }),
      Client: class extends SessionClient {
        constructor(config?: ClientConfig) {
          super(config);
          open.add(this);
        }
      },
      onConnect,
      max: size,
      idleTimeoutMillis: idleTimeoutMs,
    });
    // An idle connection was closed; the pool has removed it. A firewall or a pooler may have closed it for being idle,
    // so that the database is probed before it counts as lost.
    this.#pool.on("error", () => {
      if (this.#ending === undefined) health.suspect();
    });
    this.#pool.on("connect", (client) => {
      open.connected(client);
      health.reached();
    });
    budget.add(this);
  }

  get connections(): number {
    return this.#open.size;
  }

  get held(): number {
    return this.#pool.totalCount;
  }

  get hasIdle(): boolean {
    return this.#pool.idleCount > this.#pool.waitingCount;
  }

  async evict(): Promise<void> {
    // Since the pool has an idle connection, that is the one it gives.
    const client = await this.#pool.connect();
    client.release(true);
  }

  serve(): void {
    this.#queue.serve(() => this.#take());
    if (this.#queue.length === 0) this.#options.budget.removeWaiting(this);
  }

  status(): PoolStatus {
    const { totalCount, idleCount } = this.#pool;
    return { size: this.#options.size, open: totalCount, idle: idleCount, waiting: this.#queue.length };
  }

  /**
   * Takes a connection out of the pool, which the caller releases.
   *
   * @throws PeekError `STORAGE_UNAVAILABLE`, `STORAGE_REFUSED`, `STORAGE_BUSY`, `PLUGIN_RELEASED` or `STORAGE_CLOSED`.
   */
  async acquire(): Promise<PooledConnection> {
    const { health, settings } = this.#options;
    const client = await this.#connect();
    if (this.#ending !== undefined) {
      client.release(true);
      throw this.#closed();
    }
    const connection = new PooledConnection(client, {
      sessionSql: this.#sessionSql,
      streamTimeoutMs: (settings.statementTimeoutMs ?? defaultStreamTimeoutMs) + streamGraceMs,
      onLost: (error) => health.connectionFailed(error),
      prepared: this.#preparedOf(client),
    });
    this.#acquired.add(connection);
    return connection;
  }

  /** Returns a connection to the pool. It is closed if it is lost or in use, if `destroy` is set, or if the budget needs it. */
  release(connection: PooledConnection, destroy = false): void {
    if (!this.#acquired.delete(connection)) return;
    connection.detach();
    // A query that still runs, or an open transaction, would affect the next user.
    const isInUse = connection.running > 0 || connection.client.getTransactionStatus() !== "I";
    connection.client.release(
      destroy || connection.lost !== undefined || isInUse || this.#options.budget.mustClose(this),
    );
    if (this.#acquired.size === 0) this.#onDrained?.();
    this.#connectionFreed();
  }

  /** Runs work on a connection, and releases it. An error of `pg` in the work becomes a PeekError. */
  async use<T>(work: (connection: PooledConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      return await work(connection);
    } catch (error) {
      // Without the statement: some of Peek's own statements contain passwords.
      throw error instanceof DatabaseError || connection.lost !== undefined ? connection.explain(error, "") : error;
    } finally {
      this.release(connection);
    }
  }

  /**
   * Closes all connections. It waits shortly for those in use, and then closes them too.
   *
   * @throws PeekError `STORAGE_CONNECTIONS_LEAKED` when some were still in use.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  #preparedOf(client: PoolClient): PreparedStatements | undefined {
    if (!this.#options.prepares) return undefined;
    let prepared = this.#prepared.get(client);
    if (prepared === undefined) {
      prepared = new PreparedStatements();
      this.#prepared.set(client, prepared);
    }
    return prepared;
  }

  async #connect(): Promise<PoolClient> {
    const { budget, health, acquireTimeoutMs, target, onWrongPassword } = this.#options;
    const deadline = performance.now() + acquireTimeoutMs;
    let isPasswordReset = false;
    let tooMany: DatabaseError | undefined;
    for (;;) {
      if (this.#ending !== undefined) throw this.#closed();
      const remainingMs = deadline - performance.now();
      try {
        return await this.#request(remainingMs);
      } catch (error) {
        if (this.#ending !== undefined) throw this.#closed();
        if (PeekError.is(error)) throw tooMany === undefined ? error : this.#tooManyConnections(tooMany);
        // The failed connection no longer counts: the next request may open one.
        this.serve();
        const sqlState = error instanceof DatabaseError ? error.code : undefined;
        if (sqlState === "28P01" && onWrongPassword !== undefined && !isPasswordReset) {
          isPasswordReset = true;
          await onWrongPassword();
          continue;
        }
        // Other clients use them, or one of our connections that the server has not closed yet.
        if (error instanceof DatabaseError && sqlState === "53300") {
          if (remainingMs <= tooManyConnectionsRetryMs) throw this.#tooManyConnections(error);
          tooMany = error;
          await budget.waitForClosed(tooManyConnectionsRetryMs);
          continue;
        }
        const explained = explainConnectFailure(error, target);
        if (explained.code === "STORAGE_UNAVAILABLE") health.lost(explained);
        throw explained;
      }
    }
  }

  /** Waits for a connection in the queue. */
  #request(timeoutMs: number): Promise<PoolClient> {
    const connecting = this.#queue.length === 0 ? this.#take() : undefined;
    const request = this.#queue.request({
      connecting,
      timeoutMs,
      timeoutError: (state) => this.#timeoutError(state),
      onUnused: (client) => {
        client.release(this.#ending !== undefined);
        this.#connectionFreed();
      },
    });
    if (connecting === undefined) this.#options.budget.addWaiting(this);
    return request;
  }

  /** Takes an idle connection or opens one, if there is an idle one or the limits allow another. */
  #take(): Promise<PoolClient> | undefined {
    const { budget, size } = this.#options;
    const isPossible = this.hasIdle || (this.#pool.totalCount < size && !budget.isExhausted());
    return isPossible ? this.#pool.connect() : undefined;
  }

  /** A connection is free: for this pool's queue, or else for another pool. */
  #connectionFreed(): void {
    this.serve();
    if (this.hasIdle) this.#options.budget.connectionIdle(this);
  }

  async #end(): Promise<void> {
    const { budget, onEnd, title } = this.#options;
    onEnd?.();
    this.#queue.rejectAll(() => this.#closed());
    budget.remove(this);
    // A server that does not answer would delay the end.
    this.#open.abortConnecting();
    const ended = this.#pool.end();
    if (this.#acquired.size > 0) await waitAtMost(drainTimeoutMs, this.#drained());
    const leaked = this.#acquired.size;
    for (const connection of this.#acquired) {
      connection.client.once("error", () => undefined);
      // Closing it here is no loss of the database.
      connection.markClosed(this.#closed());
      this.release(connection, true);
    }
    await waitAtMost(closeTimeoutMs, Promise.all([ended, this.#open.closed()]));
    if (leaked === 0) return;
    throw new PeekError(
      "STORAGE_CONNECTIONS_LEAKED",
      `${leaked} database connection${leaked === 1 ? "" : "s"} of ${title} ${leaked === 1 ? "was" : "were"} still in use and had to be closed. Await every query, transaction and lent connection before stop() or unload() returns.`,
      { fields: { title, leaked } },
    );
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #timeoutError(state: "queued" | "connecting"): PeekError {
    const { title, size, health, target } = this.#options;
    const { error } = health.status();
    // While the database is unavailable, no connection is released.
    if (error !== undefined) return new PeekError("STORAGE_UNAVAILABLE", error);
    if (state === "connecting") return explainConnectFailure(new Error("connection timeout"), target);
    if (this.#pool.totalCount < size) return this.#busy("the connections that the server allows are in use");
    return this.#busy(`all ${size} connections of ${title} are in use`);
  }

  #tooManyConnections(error: DatabaseError): PeekError {
    if (this.#options.isVital === true) return explainConnectFailure(error, this.#options.target);
    return this.#busy(`the server has no free connection: ${messageOf(error)}`);
  }

  #busy(reason: string): PeekError {
    const { title, acquireTimeoutMs } = this.#options;
    return new PeekError(
      "STORAGE_BUSY",
      `No database connection for ${title} within ${acquireTimeoutMs / 1000} s: ${reason}. Release connections sooner, or raise storage.poolSize in config.json.`,
      { fields: { title } },
    );
  }

  #closed(): PeekError {
    const { title, plugin } = this.#options;
    if (plugin === undefined) {
      return new PeekError("STORAGE_CLOSED", `The database connections of ${title} are closed.`, { fields: { title } });
    }
    return new PeekError(
      "PLUGIN_RELEASED",
      `The storage of ${plugin} is closed: ${plugin} was unloaded. End all work in stop(), and wait for it there.`,
      { fields: { plugin } },
    );
  }
}
