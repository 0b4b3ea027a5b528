import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { backoffMs } from "@peek/kit";
import type { PluginStorage, TransactionOptions } from "@peek/plugin-base/storage";
import { Kysely, type Transaction } from "kysely";
import type { ClientBase } from "pg";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { PgDialect } from "./PgDialect.ts";

const defaultRetries = 5;
/** The longest wait before the first retry; it doubles with each. */
const firstDelayMs = 10;

/** `platform.storage`: SQL on the plugin's own connection pool. */
export class PooledPluginStorage<Tables extends object> implements PluginStorage<Tables> {
  readonly schema: string;
  readonly db: Kysely<Tables>;
  readonly #pool: ConnectionPool;
  /** Conflicts after the last retry: a surrounding transaction is not retried for them. */
  readonly #exhausted = new WeakSet<PeekError>();

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
        if (!PeekError.is(error) || error.code !== "STORAGE_CONFLICT" || this.#exhausted.has(error)) throw error;
        if (retry >= retries) {
          this.#exhausted.add(error);
          throw error;
        }
        // Random, so that two transactions that conflict do not retry at the same time.
        await delay(backoffMs(retry, { firstMs: firstDelayMs, maxMs: Infinity, fixedShare: 0 }));
      }
    }
  }

  async withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    const connection = await this.#pool.acquire();
    const listeners = listenersOf(connection.client);
    let clean = false;
    try {
      const result = await work(connection.client);
      clean = await resetSession(connection);
      return result;
    } finally {
      listeners.restore();
      this.#pool.release(connection, !clean);
    }
  }
}

/** Resets everything that a session can hold: LISTEN, SET, temporary tables. @returns Whether that succeeded. */
async function resetSession(connection: PooledConnection): Promise<boolean> {
  if (connection.lost !== undefined) return false;
  try {
    await connection.query("rollback");
    await connection.discardAll();
    return true;
  } catch {
    // The connection is closed; the work itself has succeeded.
    return false;
  }
}

const events = ["notification", "notice", "error", "drain", "end"] as const;

/** Records the listeners of a client, to remove those that the work adds. */
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
