import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { PluginStorage, TransactionOptions } from "@peek/plugin-base/storage";
import { Kysely, type Transaction } from "kysely";
import type { ClientBase } from "pg";
import type { ConnectionPool } from "./ConnectionPool.ts";
import type { LentClient } from "./LentClient.ts";
import { PgDialect } from "./PgDialect.ts";

const defaultRetries = 5;
/** The wait before the first retry is at most this, and doubles; milliseconds. */
const firstWaitMs = 10;

/** What `platform.storage` is: SQL on a pool of the plugin's own. */
export class PooledPluginStorage<Tables extends object> implements PluginStorage<Tables> {
  readonly schema: string;
  readonly db: Kysely<Tables>;
  readonly #pool: ConnectionPool;
  /** Conflicts after which a transaction was given up: one around it is not run again for them. */
  readonly #givenUp = new WeakSet<PeekError>();

  constructor(schema: string, pool: ConnectionPool) {
    this.schema = schema;
    this.#pool = pool;
    this.db = new Kysely<Tables>({ dialect: new PgDialect(pool, { transactions: true }) });
  }

  async transaction<Result>(
    work: (db: Transaction<Tables>) => Promise<Result>,
    { isolation = "read committed", readOnly = false, retries = defaultRetries }: TransactionOptions = {},
  ): Promise<Result> {
    const transaction = this.db
      .transaction()
      .setIsolationLevel(isolation)
      .setAccessMode(readOnly ? "read only" : "read write");
    for (let retry = 0; ; retry += 1) {
      try {
        return await transaction.execute(work);
      } catch (error) {
        if (!PeekError.is(error) || error.code !== "STORAGE_CONFLICT" || this.#givenUp.has(error)) throw error;
        if (retry >= retries) {
          this.#givenUp.add(error);
          throw error;
        }
        // By chance, so that those who met do not meet again.
        await wait(Math.random() * firstWaitMs * 2 ** retry);
      }
    }
  }

  async withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const lent = await this.#pool.acquire();
    const listeners = listenersOf(lent.client);
    let clean = false;
    try {
      const result = await work(lent.client);
      clean = await isCleaned(lent);
      return result;
    } finally {
      listeners.restore();
      this.#pool.release(lent, !clean);
    }
  }
}

/** Takes back whatever a session can have: LISTEN, SET, temporary tables. Returns whether that went well. */
async function isCleaned(lent: LentClient): Promise<boolean> {
  if (lent.lost !== undefined) return false;
  try {
    await lent.query("rollback");
    await lent.discardAll();
    return true;
  } catch {
    // What the work has done stays done.
    return false;
  }
}

const events = ["notification", "notice", "error", "drain", "end"] as const;

/** What listens to a client now, to go back to: what its borrower has added is for nobody after that. */
function listenersOf(client: ClientBase): { readonly restore: () => void } {
  const before = new Set(events.flatMap((event) => client.listeners(event)));
  const restore = (): void => {
    for (const event of events) {
      for (const listener of client.listeners(event)) {
        if (isListener(listener) && !before.has(listener)) client.removeListener(event, listener);
      }
    }
  };
  return { restore };
}

function isListener(value: unknown): value is (...values: unknown[]) => void {
  return typeof value === "function";
}
