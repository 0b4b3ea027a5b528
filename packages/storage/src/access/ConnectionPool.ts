import { messageOf, PeekError } from "@peek/errors";
import { Client, type ClientConfig, DatabaseError, Pool, type PoolClient } from "pg";
import { clientConfig, type ClientSettings } from "../connection/clientConfig.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { explainConnectFailure } from "../connection/explainConnectFailure.ts";
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

/** A few connections that are made when they are needed, and made again when they are lost. */
export class ConnectionPool implements BudgetedPool, AsyncDisposable {
  readonly #options: ConnectionPoolOptions;
  readonly #pool: Pool;
  readonly #lent = new Set<LentClient>();
  /** Those that the server has, with when it has them no more: a pool forgets them before they are closed. */
  readonly #open = new Set<Promise<void>>();
  /** What each connection has prepared. */
  readonly #prepared = new WeakMap<PoolClient, PreparedStatements>();
  #ending: Promise<void> | undefined;
  /** Fails, for who waits, when it begins to close. */
  readonly #closing = Promise.withResolvers<never>();
  #onDrained: (() => void) | undefined;

  constructor(options: ConnectionPoolOptions) {
    const { target, settings, size, acquireTimeoutMs, health, budget } = options;
    this.#options = options;
    const track = (client: Client): void => this.#track(client);
    this.#pool = new Pool({
      ...clientConfig(target, { ...settings, connectTimeoutMs: acquireTimeoutMs }),
      Client: class extends Client {
        constructor(config?: ClientConfig) {
          super(config);
          track(this);
        }
      },
      max: size,
      idleTimeoutMillis: idleMs,
    });
    // An idle connection was lost: the pool has let go of it, and makes another when it is needed.
    this.#pool.on("error", (error) => {
      if (this.#ending === undefined) health.lost(explainConnectFailure(error, target));
    });
    this.#pool.on("connect", () => health.reached());
    this.#pool.on("release", () => budget.pulse());
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

  get grows(): boolean {
    return this.#pool.totalCount < this.#options.size;
  }

  async evict(): Promise<void> {
    // The idle one is what the pool gives, since it has one.
    const client = await this.#pool.connect();
    client.release(true);
  }

  status(): PoolStatus {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { size: this.#options.size, open: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /**
   * Takes a connection out, which must be given back.
   *
   * @throws PeekError `STORAGE_UNAVAILABLE`, `STORAGE_REFUSED`, `STORAGE_BUSY` or `STORAGE_CLOSED`.
   */
  async acquire(): Promise<LentClient> {
    if (this.#ending !== undefined) throw this.#closed();
    const { health, settings } = this.#options;
    const client = await this.#connect();
    const streamTimeoutMs = (settings.statementTimeoutMs ?? 60_000) + 5000;
    const lent = new LentClient(client, streamTimeoutMs, (error) => health.lost(error), this.#preparedOf(client));
    this.#lent.add(lent);
    return lent;
  }

  /** Gives a connection back; one that is lost, or `spoilt`, is closed. */
  release(lent: LentClient, spoilt = false): void {
    if (!this.#lent.delete(lent)) return;
    lent.detach();
    // What still runs would run on in the hands of the next one, and so would a transaction that was left open.
    const used = lent.running > 0 || lent.client.getTransactionStatus() !== "I";
    lent.client.release(spoilt || lent.lost !== undefined || used);
    if (this.#lent.size === 0) this.#onDrained?.();
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
    const { budget, health, acquireTimeoutMs, target, title, size, onWrongPassword } = this.#options;
    const deadline = performance.now() + acquireTimeoutMs;
    let mended = false;
    for (;;) {
      const leftMs = deadline - performance.now();
      if (budget.isOver(this)) {
        if (leftMs <= 0) throw this.#busy("the connections that the server allows are in use");
        await budget.makeRoom(this, leftMs);
        if (this.#ending !== undefined) throw this.#closed();
        continue;
      }
      try {
        return await this.#connectUnlessClosing();
      } catch (error) {
        if (this.#ending !== undefined) throw this.#closed();
        if (messageOf(error) === "timeout exceeded when trying to connect") {
          throw this.#busy(`all ${size} connections of ${title} are in use`);
        }
        const sqlState = error instanceof DatabaseError ? error.code : undefined;
        if (sqlState === "28P01" && onWrongPassword !== undefined && !mended) {
          mended = true;
          await onWrongPassword();
          continue;
        }
        // Others use them: another process, or one of ours whose end the server has not seen yet.
        if (sqlState === "53300") {
          if (leftMs <= 0) throw this.#busy(`the server has none to spare: ${messageOf(error)}`);
          await budget.wait(Math.min(leftMs, crowdedMs));
          continue;
        }
        const explained = explainConnectFailure(error, target);
        if (explained.code === "STORAGE_UNAVAILABLE") health.lost(explained);
        throw explained;
      }
    }
  }

  async #connectUnlessClosing(): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    const giveBack = (client: PoolClient): void => {
      if (this.#ending !== undefined) client.release(true);
    };
    // Who waits is not kept waiting by a pool that gives out no more; nor is a connection forgotten that comes late.
    connecting.then(giveBack, () => undefined);
    return await Promise.race([connecting, this.#closing.promise]);
  }

  async #end(): Promise<void> {
    const { budget, onEnd } = this.#options;
    onEnd?.();
    this.#closing.promise.catch(() => undefined);
    this.#closing.reject(this.#closed());
    budget.remove(this);
    const ended = this.#pool.end();
    if (this.#lent.size > 0) await settled(this.#drained(), drainMs);
    const leaked = this.#lent.size;
    for (const lent of this.#lent) {
      lent.client.once("error", () => undefined);
      this.release(lent, true);
    }
    await ended;
    await settled(Promise.all(this.#open), closeMs);
    if (leaked === 0) return;
    throw new PeekError(
      "STORAGE_CONNECTIONS_LEAKED",
      `${leaked} database connection${leaked === 1 ? "" : "s"} of ${this.#options.title} ${leaked === 1 ? "was" : "were"} still in use, and cut off. Await every query and transaction before stop() returns.`,
      { fields: { title: this.#options.title, leaked } },
    );
  }

  #track(client: Client): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.add(promise);
    client.once("end", () => {
      this.#open.delete(promise);
      resolve();
      this.#options.budget.pulse();
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
