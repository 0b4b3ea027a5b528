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
import type { LentClient } from "./LentClient.ts";

/** Where connections come from, and go back to. */
export interface ConnectionSource {
  acquire(): Promise<LentClient>;
  release(lent: LentClient, spoilt?: boolean): void;
}

/** Told of each statement before it is run. */
export type OnStatement = (sql: string) => void;

/** How a {@link PgDialect} behaves. */
export interface PgDialectOptions {
  /** Whether code may begin a transaction. A migration has one already. */
  readonly transactions: boolean;
  /** Default: nobody is told. */
  readonly onStatement?: OnStatement | undefined;
}

/**
 * Kysely on connections of ours. Its own driver for PostgreSQL would do, but for the errors: here each is a PeekError,
 * and a connection that is lost is never used again.
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
    // The connections are the pool's affair.
  }

  async acquireConnection(): Promise<PgConnection> {
    return new PgConnection(await this.#source.acquire(), this.#options.onStatement);
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const { lent, spoilt } = own(connection);
    this.#source.release(lent, spoilt);
  }

  async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel, accessMode }: TransactionSettings,
  ): Promise<void> {
    if (!this.#options.transactions) {
      throw new PeekError(
        "STORAGE_QUERY_FAILED",
        "A migration runs in a transaction of its own already, and cannot begin another.",
      );
    }
    const isolation = isolationLevel === undefined ? "" : ` isolation level ${isolationLevel}`;
    const access = accessMode === undefined ? "" : ` ${accessMode}`;
    own(connection).begin();
    await own(connection).lent.query(`begin${isolation}${access}`);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const { lent } = own(connection);
    own(connection).end();
    const { command } = await this.#commit(lent);
    // Not an error to PostgreSQL: a statement had failed, and whoever saw that went on.
    if (command === "ROLLBACK") {
      throw new PeekError(
        "STORAGE_QUERY_FAILED",
        "The transaction was rolled back instead of committed, since a statement in it had failed and its error was caught. Let the error out of the transaction.",
        { fields: { sqlState: "25P02" } },
      );
    }
    own(connection).committed();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const { lent } = own(connection);
    own(connection).end();
    if (lent.lost !== undefined) return;
    try {
      await lent.query("rollback");
    } catch {
      // Closed, it is rolled back too; what went wrong in the first place is what counts.
      own(connection).spoilt = true;
    }
  }

  async destroy(): Promise<void> {
    // The pool has an owner.
  }

  async #commit(lent: LentClient): Promise<{ readonly command: string }> {
    // Before it was asked to commit: then it has not.
    if (lent.lost !== undefined) throw lent.lost;
    try {
      return await lent.query("commit");
    } catch (error) {
      if (lent.lost === undefined || isOverdue(error)) throw error;
      throw new PeekError(
        "STORAGE_COMMIT_UNKNOWN",
        "The connection to the database was lost while a transaction was being committed: whether it was, is not known. Look whether its changes are there before doing them again.",
        { cause: error },
      );
    }
  }
}

class PgConnection implements DatabaseConnection {
  readonly lent: LentClient;
  /** Whether it must not go back into the pool. */
  spoilt = false;
  readonly #onStatement: OnStatement | undefined;
  #isOver = false;
  /** What is to be done when the transaction has been committed; undefined where there is none. */
  #afterwards: (() => void)[] | undefined;

  constructor(lent: LentClient, onStatement: OnStatement | undefined) {
    this.lent = lent;
    this.#onStatement = onStatement;
  }

  /**
   * Its transaction ends. Work that was not waited for may still have a query under way, and send the next when that is
   * answered: behind COMMIT or ROLLBACK, which Kysely does not know to be under way, it would be on its own.
   */
  end(): void {
    this.#isOver = true;
  }

  /** A transaction begins. */
  begin(): void {
    this.#isOver = false;
    this.#afterwards = [];
  }

  /** Its transaction was committed. */
  committed(): void {
    const afterwards = this.#afterwards ?? [];
    this.#afterwards = undefined;
    for (const each of afterwards) each();
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { sql, parameters } = query;
    this.#check();
    this.#onStatement?.(sql);
    const { command, rowCount, rows } = await this.lent.query(sql, parameters);
    if (hasAfterCommit(query)) {
      if (this.#afterwards === undefined) query[afterCommit]();
      else this.#afterwards.push(query[afterCommit]);
    }
    // Kysely derives the type of a row from the query that it has built.
    const result = { rows: rows as unknown as Row[] };
    return counting.has(command) ? { ...result, numAffectedRows: BigInt(rowCount ?? 0) } : result;
  }

  async *streamQuery<Row>(
    { sql, parameters }: CompiledQuery,
    rowsAtATime: number,
  ): AsyncIterableIterator<QueryResult<Row>> {
    this.#check();
    for await (const rows of this.lent.stream(sql, parameters, rowsAtATime)) {
      yield { rows: rows as unknown as Row[] };
    }
  }

  #check(): void {
    if (!this.#isOver) return;
    throw new PeekError(
      "STORAGE_QUERY_FAILED",
      "The transaction is over: this was sent after the work in it had ended. Wait for every query before the work returns.",
      { fields: { sqlState: "25P01" } },
    );
  }
}

/** Whether the server ended the transaction for its age, when it had not read the COMMIT. */
function isOverdue(error: unknown): boolean {
  return PeekError.is(error) && ["25P03", "25P04"].includes(String(error.fields["sqlState"]));
}

function hasAfterCommit(query: object): query is AfterCommit {
  return afterCommit in query;
}

const counting: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

function own(connection: DatabaseConnection): PgConnection {
  if (connection instanceof PgConnection) return connection;
  throw new TypeError("The connection is not one of this driver's");
}
