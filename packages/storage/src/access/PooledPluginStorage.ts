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
        if (!PeekError.is(error) || error.code !== "STORAGE_CONFLICT" || retry >= retries) throw error;
        // By chance, so that those who met do not meet again.
        await wait(Math.random() * firstWaitMs * 2 ** retry);
      }
    }
  }

  async withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const lent = await this.#pool.acquire();
    let clean = false;
    try {
      const result = await work(lent.client);
      clean = await isCleaned(lent);
      return result;
    } finally {
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
