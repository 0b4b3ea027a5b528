import type { Kysely, Transaction } from "kysely";
import type { ClientBase } from "pg";

/** How much of what other transactions do a transaction sees; see PostgreSQL's manual, "Transaction Isolation". */
export type IsolationLevel = "read committed" | "repeatable read" | "serializable";

/** How a transaction is run. */
export interface TransactionOptions {
  /** Default: `read committed`. */
  readonly isolation?: IsolationLevel;
  /** Whether it changes nothing; the database then refuses changes. Default: false. */
  readonly readOnly?: boolean;
  /** How often it is tried again after a serialisation failure or a deadlock. Default: 5. */
  readonly retries?: number;
}

/**
 * A plugin's room in the database: `platform.storage` on logic and worker, where plugin_package.json requires
 * `storage`.
 *
 * Whatever it does fails with a PeekError, whose `fields.sqlState` is PostgreSQL's own code where there is one:
 * `STORAGE_UNAVAILABLE` when the database cannot be reached (the pool recovers by itself), `STORAGE_BUSY`,
 * `STORAGE_TIMEOUT`, `STORAGE_CONFLICT`, `STORAGE_CONSTRAINT` (with `fields.constraint`), `STORAGE_DENIED`,
 * `STORAGE_QUERY_FAILED`, or `PLUGIN_RELEASED` once the plugin has been unloaded.
 *
 * @typeParam Tables The rows of each table, by its name.
 */
export interface PluginStorage<Tables extends object> {
  /** The plugin's schema: `pl_<name>`, or `core_<name>`. Names of tables without a schema are looked for there. */
  readonly schema: string;
  /**
   * Typed SQL on the plugin's tables. Every query takes one of the plugin's connections (`storage.poolSize`), and
   * gives it back. `.stream(rows)` reads a large result so many rows at a time; see the tutorial on storage.
   */
  readonly db: Kysely<Tables>;
  /**
   * Runs work in a transaction: committed when it returns, rolled back when it throws. On a serialisation failure or
   * a deadlock the work is run again from the beginning, so it must do nothing besides that cannot be done twice.
   *
   * @throws PeekError `STORAGE_CONFLICT` when all tries were in others' way, `STORAGE_COMMIT_UNKNOWN` when the
   *   connection was lost in the middle of the commit; what the work throws; and as {@link PluginStorage}.
   */
  transaction<Result>(
    work: (db: Transaction<Tables>) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /**
   * Lends a connection of the pool as a `pg` client: LISTEN, COPY and what else Kysely has no words for. What work
   * sets on it (SET, LISTEN, an open transaction) is gone when it settles. Its own errors are those of `pg`.
   */
  withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result>;
}
