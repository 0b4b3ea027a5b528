import { PeekError } from "@peek/errors";
import { afterCommit, type AfterCommit } from "@peek/plugin-base/internal";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from "kysely";
import type { PooledConnection } from "../pool/PooledConnection.ts";

/** A source of connections, such as a pool. */
export interface ConnectionSource {
  acquire(): Promise<PooledConnection>;
  release(connection: PooledConnection, destroy?: boolean): void;
}

/** Called with each statement before it is run. */
export type OnStatement = (sql: string) => void;

/** The options of a {@link PgDialect}. */
export interface PgDialectOptions {
  /** Whether a transaction may be begun. A migration runs in one already. */
  readonly transactions: boolean;
  /** Default: none. */
  readonly onStatement?: OnStatement | undefined;
}

/**
 * Kysely's dialect on Peek's connections. It differs from Kysely's own driver for PostgreSQL in the errors: each is a
 * PeekError, and a connection that is lost is never used again.
 */
export class PgDialect implements Dialect {
  readonly #driver: Driver;

  constructor(source: ConnectionSource, options: PgDialectOptions) {
    this.#driver = new PgDriver(source, options);
  }

  createDriver(): Driver {
    return this.#driver;
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createIntrospector(db: Kysely<unknown>): PostgresIntrospector {
    return new PostgresIntrospector(db);
  }
}

class PgDriver implements Driver {
  readonly #source: ConnectionSource;
  readonly #options: PgDialectOptions;

  constructor(source: ConnectionSource, options: PgDialectOptions) {
    this.#source = source;
    this.#options = options;
  }

  async init(): Promise<void> {
    // The source opens the connections.
  }

  async acquireConnection(): Promise<PgConnection> {
    return new PgConnection(await this.#source.acquire(), this.#options.onStatement);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const { pooled, destroy } = own(connection);
    this.#source.release(pooled, destroy);
  }

  async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel, accessMode }: TransactionSettings,
  ): Promise<void> {
    if (!this.#options.transactions) {
      throw new PeekError("STORAGE_QUERY_FAILED", "A migration cannot begin a transaction: it runs in one already.");
    }
    const isolation = isolationLevel === undefined ? "" : ` isolation level ${isolationLevel}`;
    const access = accessMode === undefined ? "" : ` ${accessMode}`;
    own(connection).begin();
    await own(connection).pooled.query(`begin${isolation}${access}`);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const { pooled } = own(connection);
    own(connection).end();
    const { command } = await this.#commit(pooled);
    // PostgreSQL reports no error when a statement had failed and the work ignored that.
    if (command === "ROLLBACK") {
      throw new PeekError(
        "STORAGE_QUERY_FAILED",
        "The transaction was rolled back instead of committed, because a statement in it had failed and the work caught the error. Rethrow the error from the work.",
        { fields: { sqlState: "25P02" } },
      );
    }
    own(connection).committed();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const { pooled } = own(connection);
    own(connection).end();
    if (pooled.lost !== undefined) return;
    try {
      await pooled.query("rollback");
    } catch {
      // Closing the connection rolls back too, and the caller gets the first error.
      own(connection).destroy = true;
    }
  }

  async destroy(): Promise<void> {
    // The source has an owner of its own.
  }

  async #commit(connection: PooledConnection): Promise<{ readonly command: string }> {
    // Lost before the COMMIT was sent: the server has rolled back.
    if (connection.lost !== undefined) throw connection.lost;
    try {
      return await connection.query("commit");
    } catch (error) {
      if (connection.lost === undefined || isTransactionTimeout(error)) throw error;
      throw new PeekError(
        "STORAGE_COMMIT_UNKNOWN",
        "The connection to the database was lost during COMMIT: whether the transaction was committed is unknown. Check for its changes before running it again.",
        { cause: error },
      );
    }
  }
}

class PgConnection implements DatabaseConnection {
  readonly pooled: PooledConnection;
  /** Whether it has to be closed instead of returned to the pool. */
  destroy = false;
  readonly #onStatement: OnStatement | undefined;
  #isOver = false;
  /** The callbacks to run after the commit; undefined outside of a transaction. */
  #afterCommit: (() => void)[] | undefined;

  constructor(pooled: PooledConnection, onStatement: OnStatement | undefined) {
    this.pooled = pooled;
    this.#onStatement = onStatement;
  }

  /**
   * Its transaction ends. Work that was not awaited may still have a query running, and send another after it: behind
   * COMMIT or ROLLBACK, which Kysely does not know of, that one would run outside of the transaction.
   */
  end(): void {
    this.#isOver = true;
  }

  /** Its transaction begins. */
  begin(): void {
    this.#isOver = false;
    this.#afterCommit = [];
  }

  /** Its transaction was committed. */
  committed(): void {
    const callbacks = this.#afterCommit ?? [];
    this.#afterCommit = undefined;
    for (const callback of callbacks) callback();
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { sql, parameters } = query;
    this.#check();
    this.#onStatement?.(sql);
    const { command, rowCount, rows } = await this.pooled.query(sql, parameters);
    if (hasAfterCommit(query)) {
      if (this.#afterCommit === undefined) query[afterCommit]();
      else this.#afterCommit.push(query[afterCommit]);
    }
    // Kysely derives the row type from the query that it has built.
    const result = { rows: rows as unknown as Row[] };
    return counting.has(command) ? { ...result, numAffectedRows: BigInt(rowCount ?? 0) } : result;
  }

  async *streamQuery<Row>(
    { sql, parameters }: CompiledQuery,
    rowsAtATime: number,
  ): AsyncIterableIterator<QueryResult<Row>> {
    this.#check();
    for await (const rows of this.pooled.stream(sql, parameters, rowsAtATime)) {
      yield { rows: rows as unknown as Row[] };
    }
  }

  #check(): void {
    if (!this.#isOver) return;
    throw new PeekError(
      "STORAGE_QUERY_FAILED",
      "The query was sent after the work of its transaction had ended. Await every query before the work returns.",
      { fields: { sqlState: "25P01" } },
    );
  }
}

/** Whether the server ended the transaction by a timeout, before it read the COMMIT. */
function isTransactionTimeout(error: unknown): boolean {
  return PeekError.is(error) && ["25P03", "25P04"].includes(String(error.fields["sqlState"]));
}

function hasAfterCommit(query: object): query is AfterCommit {
  return afterCommit in query;
}

const counting: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

function own(connection: DatabaseConnection): PgConnection {
  if (connection instanceof PgConnection) return connection;
  throw new TypeError("The connection belongs to another driver");
}
