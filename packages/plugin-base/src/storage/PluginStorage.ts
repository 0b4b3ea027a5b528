import type { Kysely, Transaction } from "kysely";
import type { ClientBase } from "pg";

/** The isolation level of a transaction; see PostgreSQL's manual, "Transaction Isolation". */
export type IsolationLevel = "read committed" | "repeatable read" | "serializable";

/** How a transaction is run. */
export interface TransactionOptions {
  /** Default: `read committed`. */
  readonly isolation?: IsolationLevel;
  /** Whether it changes nothing; the database then refuses changes. Default: false. */
  readonly readOnly?: boolean;
  /** The maximum number of retries after a serialisation failure or a deadlock. Default: 5. */
  readonly retries?: number;
}

/**
 * A plugin's part of the database: `platform.storage` on logic and worker, where plugin_package.json requires `storage`.
 *
 * Every operation fails with a PeekError, whose `fields.sqlState` is PostgreSQL's own code where there is one:
 * `STORAGE_UNAVAILABLE` when the database cannot be reached (the pool recovers by itself), `STORAGE_BUSY`,
 * `STORAGE_TIMEOUT`, `STORAGE_CONFLICT`, `STORAGE_CONSTRAINT` (with `fields.constraint`), `STORAGE_DENIED`,
 * `STORAGE_QUERY_FAILED`, or `PLUGIN_RELEASED` once the plugin has been unloaded.
 *
 * @typeParam Tables The rows of each table, by its name.
 */
export interface PluginStorage<Tables extends object> {
  /** The plugin's schema: `pl_<name>`, or `core_<name>`. Tables without a schema in their names are found there. */
  readonly schema: string;
  /**
   * Typed SQL on the plugin's tables. Every query acquires one of the plugin's connections (`storage.poolSize`), and releases it. `.stream(rows)` reads a large
   * result in batches; see the tutorial on storage.
   */
  readonly db: Kysely<Tables>;
  /**
   * Runs work in a transaction: committed when it returns, rolled back when it throws. On a serialisation failure or
   * a deadlock the work is run again from the beginning, so it must have no side effects that cannot be repeated.
   *
   * @throws PeekError `STORAGE_CONFLICT` when all attempts were in conflict, `STORAGE_COMMIT_UNKNOWN` when the
   *   connection was lost in the middle of the commit; what the work throws; and as {@link PluginStorage}.
   */
  transaction<Result>(
    work: (db: Transaction<Tables>) => Promise<Result>,
    options?: TransactionOptions,
  ): Promise<Result>;
  /**
   * Passes a connection of the pool as a `pg` client, for LISTEN, COPY and other statements that Kysely does not support. The
   * state of the connection (SET, LISTEN, an open transaction) is reset when the work settles. Its errors are those of `pg`.
   */
  withClient<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result>;
}
