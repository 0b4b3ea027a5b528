import { messageOf, PeekError } from "@peek/errors";
import { type Client, type ClientBase, type ClientConfig, DatabaseError, Pool, type PoolClient } from "pg";
import { clientConfig, type ClientSettings } from "../connection/clientConfig.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { explainConnectFailure } from "../connection/explainConnectFailure.ts";
import { SessionClient } from "../connection/SessionClient.ts";
import { sessionSql } from "../connection/sessionSettings.ts";
import type { BudgetedPool, ConnectionBudget } from "./ConnectionBudget.ts";
import { LentClient } from "./LentClient.ts";
import { PreparedStatements } from "./PreparedStatements.ts";
import type { StorageHealth } from "./StorageHealth.ts";

/** What a {@link ConnectionPool} is made of. */
export interface ConnectionPoolOptions {
  readonly target: ConnectionTarget;
  readonly settings: ClientSettings;
  /** How it is called in messages: the plugin's name. */
  readonly title: string;
  /** How many connections it may have. */
  readonly size: number;
  /** How long work waits for one; milliseconds. */
  readonly acquireTimeoutMs: number;
  readonly budget: ConnectionBudget;
  readonly health: StorageHealth;
  /** Whether statements that come again and again are prepared. */
  readonly prepares: boolean;
  /** Whether nothing goes without it: a server with no connection to spare is then one that cannot be reached. */
  readonly isVital?: boolean;
  /** Called when the server does not take the password; the connection is then tried once more. */
  readonly onWrongPassword?: () => Promise<void>;
  /** Called when it begins to close. */
  readonly onEnd?: () => void;
}

/** How a pool is doing: data. */
export interface PoolStatus {
  /** How many connections it may have. */
  readonly size: number;
  readonly open: number;
  readonly idle: number;
  /** How much work waits for one. */
  readonly waiting: number;
}

/** How long a connection may be without work before it is closed; milliseconds. */
const idleMs = 30_000;
/** The pause before a server is asked again that had no connection to spare; milliseconds. */
const crowdedMs = 100;
/** How long those in use are waited for at the end; milliseconds. */
const drainMs = 2000;
/** How long the server is waited for to see that a connection is closed; milliseconds. */
const closeMs = 1000;

/** Work that waits for a connection. */
interface Waiter {
  /** One is being taken for it. */
  readonly go: (connecting: Promise<PoolClient>) => void;
  readonly giveUp: (error: PeekError) => void;
}

/**
 * A few connections that are made when they are needed, and made again when they are lost. Who waits for one waits
 * here, first come, first served: `pg`'s own queue knows nothing of what other pools need.
 */
export class ConnectionPool implements BudgetedPool, AsyncDisposable {
  readonly #options: ConnectionPoolOptions;
  /** What gives a session its settings. */
  readonly #sessionSql: string;
  readonly #pool: Pool;
  readonly #lent = new Set<LentClient>();
  /** Those that the server has, with when it has them no more: a pool forgets them before they are closed. */
  readonly #open = new Set<Promise<void>>();
  /** Those that are being made. */
  readonly #connecting = new Set<Client>();
  /** What each connection has prepared. */
  readonly #prepared = new WeakMap<PoolClient, PreparedStatements>();
  /** All that wait: in the queue, or for a connection that is being taken for them. */
  readonly #waiters = new Set<Waiter>();
  readonly #queue: Waiter[] = [];
  #ending: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(options: ConnectionPoolOptions) {
    const { target, settings, size, acquireTimeoutMs, health, budget } = options;
    this.#options = options;
    const track = (client: Client): void => this.#track(client);
    const session = sessionSql(settings);
    this.#sessionSql = session;
    // Awaited by the pool, whatever its types say.
    const onConnect = (client: ClientBase): unknown => client.query(session);
    this.#pool = new Pool({
      ...clientConfig(target, { ...settings, connectTimeoutMs: acquireTimeoutMs }),
      Client: class extends SessionClient {
        constructor(config?: ClientConfig) {
          super(config);
          track(this);
        }
      },
      onConnect,
      max: size,
      idleTimeoutMillis: idleMs,
    });
    // An idle connection was cut: the pool has let go of it, and makes another when it is needed. A firewall or a pooler
    // may have found it idle for too long, so that the database is asked before it is called lost.
    this.#pool.on("error", () => {
      if (this.#ending === undefined) health.suspect();
    });
    this.#pool.on("connect", (client) => {
      this.#connecting.delete(client);
      health.reached();
    });
    budget.add(this);
  }

  get connections(): number {
    return this.#open.size;
  }

  get kept(): number {
    return this.#pool.totalCount;
  }

  get hasIdle(): boolean {
    return this.#pool.idleCount > this.#pool.waitingCount;
  }

  async evict(): Promise<void> {
    // The idle one is what the pool gives, since it has one.
    const client = await this.#pool.connect();
    client.release(true);
  }

  serve(): void {
    while (this.#queue.length > 0) {
      const connecting = this.#take();
      if (connecting === undefined) return;
      this.#queue.shift()?.go(connecting);
    }
    this.#options.budget.satisfied(this);
  }

  status(): PoolStatus {
    const { totalCount, idleCount } = this.#pool;
    return { size: this.#options.size, open: totalCount, idle: idleCount, waiting: this.#queue.length };
  }

  /**
   * Takes a connection out, which must be given back.
   *
   * @throws PeekError `STORAGE_UNAVAILABLE`, `STORAGE_REFUSED`, `STORAGE_BUSY` or `STORAGE_CLOSED`.
   */
  async acquire(): Promise<LentClient> {
    const { health, settings } = this.#options;
    const client = await this.#connect();
    if (this.#ending !== undefined) {
      client.release(true);
      throw this.#closed();
    }
    const streamTimeoutMs = (settings.statementTimeoutMs ?? 60_000) + 5000;
    const lent = new LentClient(client, {
      sessionSql: this.#sessionSql,
      streamTimeoutMs,
      onLost: (error) => health.noticed(error),
      prepared: this.#preparedOf(client),
    });
    this.#lent.add(lent);
    return lent;
  }

  /** Gives a connection back; one that is lost, or `spoilt`, is closed, and one that another pool waits for. */
  release(lent: LentClient, spoilt = false): void {
    if (!this.#lent.delete(lent)) return;
    lent.detach();
    // What still runs would run on in the hands of the next one, and so would a transaction that was left open.
    const used = lent.running > 0 || lent.client.getTransactionStatus() !== "I";
    lent.client.release(spoilt || lent.lost !== undefined || used || this.#options.budget.isOwedBy(this));
    if (this.#lent.size === 0) this.#onDrained?.();
    this.#passOn();
  }

  /** Lends a connection to work, and takes it back. What `pg` throws in the work becomes a PeekError. */
  async use<T>(work: (lent: LentClient) => Promise<T>): Promise<T> {
    const lent = await this.acquire();
    try {
      return await work(lent);
    } catch (error) {
      // Not with the statement: of Peek's own, some have passwords in them.
      throw error instanceof DatabaseError || lent.lost !== undefined ? lent.explain(error, "") : error;
    } finally {
      this.release(lent);
    }
  }

  /**
   * Closes all connections. Those in use are waited for shortly, and then cut off.
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
    let mended = false;
    /** What the server said when it had no connection to spare. */
    let crowded: DatabaseError | undefined;
    for (;;) {
      if (this.#ending !== undefined) throw this.#closed();
      const leftMs = deadline - performance.now();
      try {
        return await this.#inTurn(leftMs);
      } catch (error) {
        if (this.#ending !== undefined) throw this.#closed();
        if (PeekError.is(error)) throw crowded === undefined ? error : this.#crowdedOut(crowded);
        // What it was to make may be made for the next.
        this.serve();
        const sqlState = error instanceof DatabaseError ? error.code : undefined;
        if (sqlState === "28P01" && onWrongPassword !== undefined && !mended) {
          mended = true;
          await onWrongPassword();
          continue;
        }
        // Others use them: another process, or one of ours whose end the server has not seen yet.
        if (error instanceof DatabaseError && sqlState === "53300") {
          if (leftMs <= crowdedMs) throw this.#crowdedOut(error);
          crowded = error;
          await budget.wait(crowdedMs);
          continue;
        }
        const explained = explainConnectFailure(error, target);
        if (explained.code === "STORAGE_UNAVAILABLE") health.lost(explained);
        throw explained;
      }
    }
  }

  #crowdedOut(error: DatabaseError): PeekError {
    if (this.#options.isVital === true) return explainConnectFailure(error, this.#options.target);
    return this.#busy(`the server has none to spare: ${messageOf(error)}`);
  }

  /** Begins to take a connection out, if there is one to be had or to be made. */
  #take(): Promise<PoolClient> | undefined {
    const { budget, size } = this.#options;
    const may = this.hasIdle || (this.#pool.totalCount < size && !budget.isSpent());
    return may ? this.#pool.connect() : undefined;
  }

  /** A connection, after all who came before. One that comes too late goes back. */
  #inTurn(leftMs: number): Promise<PoolClient> {
    const direct = this.#queue.length === 0 ? this.#take() : undefined;
    const { promise, resolve, reject } = Promise.withResolvers<PoolClient>();
    let open = true;
    const settle = (): boolean => {
      const was = open;
      open = false;
      clearTimeout(timer);
      return was;
    };
    const handOver = async (connecting: Promise<PoolClient>): Promise<void> => {
      try {
        const client = await connecting;
        if (settle()) resolve(client);
        else this.#giveBack(client);
      } catch (error) {
        if (settle()) reject(error);
      }
    };
    const waiter: Waiter = {
      go: (connecting) => void handOver(connecting),
      giveUp: (error) => {
        if (settle()) reject(error);
      },
    };
    const timer = setTimeout(() => this.#tooLate(waiter), Math.max(0, leftMs));
    this.#waiters.add(waiter);
    if (direct === undefined) {
      this.#queue.push(waiter);
      this.#options.budget.wantedBy(this);
    } else waiter.go(direct);
    return promise.finally(() => this.#waiters.delete(waiter));
  }

  #giveBack(client: PoolClient): void {
    client.release(this.#ending !== undefined);
    this.#passOn();
  }

  /** A connection is free: for who waits here, or else in another pool. */
  #passOn(): void {
    this.serve();
    if (this.hasIdle) this.#options.budget.offer(this);
  }

  #tooLate(waiter: Waiter): void {
    const { title, size, health, target } = this.#options;
    const at = this.#queue.indexOf(waiter);
    if (at >= 0) this.#queue.splice(at, 1);
    const { error } = health.status();
    // They are not in use by anybody who would give them back.
    if (error !== undefined) waiter.giveUp(new PeekError("STORAGE_UNAVAILABLE", error));
    else if (at < 0) waiter.giveUp(explainConnectFailure(new Error("connection timeout"), target));
    else if (this.#pool.totalCount < size)
      waiter.giveUp(this.#busy("the connections that the server allows are in use"));
    else waiter.giveUp(this.#busy(`all ${size} connections of ${title} are in use`));
  }

  async #end(): Promise<void> {
    const { budget, onEnd } = this.#options;
    onEnd?.();
    this.#queue.length = 0;
    for (const waiter of this.#waiters) waiter.giveUp(this.#closed());
    budget.remove(this);
    // Nobody wants those any more, and a server that does not answer would be waited for.
    for (const client of this.#connecting) client.connection.stream.destroy();
    const ended = this.#pool.end();
    if (this.#lent.size > 0) await settled(this.#drained(), drainMs);
    const leaked = this.#lent.size;
    for (const lent of this.#lent) {
      lent.client.once("error", () => undefined);
      // It is ended here, which is no loss of the database.
      lent.giveUp(this.#closed());
      this.release(lent, true);
    }
    await settled(Promise.all([ended, ...this.#open]), closeMs);
    if (leaked === 0) return;
    throw new PeekError(
      "STORAGE_CONNECTIONS_LEAKED",
      `${leaked} database connection${leaked === 1 ? "" : "s"} of ${this.#options.title} ${leaked === 1 ? "was" : "were"} still in use, and cut off. Await every query, transaction and lent connection before stop(), or unload(), returns.`,
      { fields: { title: this.#options.title, leaked } },
    );
  }

  #track(client: Client): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.add(promise);
    this.#connecting.add(client);
    client.once("end", () => {
      this.#open.delete(promise);
      this.#connecting.delete(client);
      resolve();
      this.#options.budget.pulse();
      this.serve();
    });
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #busy(what: string): PeekError {
    const { title, acquireTimeoutMs } = this.#options;
    return new PeekError(
      "STORAGE_BUSY",
      `No database connection for ${title} within ${acquireTimeoutMs / 1000} s: ${what}. Give them back sooner, or raise storage.poolSize in config.json.`,
      { fields: { title } },
    );
  }

  #closed(): PeekError {
    return new PeekError("STORAGE_CLOSED", `The storage of ${this.#options.title} is closed, since it was unloaded.`, {
      fields: { title: this.#options.title },
    });
  }
}

/** Waits for work, but not for ever. */
async function settled(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
