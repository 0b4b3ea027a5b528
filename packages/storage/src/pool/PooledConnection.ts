import { PeekError } from "@peek/errors";
import { DatabaseError, type PoolClient, type QueryResult } from "pg";
import Cursor from "pg-cursor";
import { explainQueryFailure, isConnectionLost, isPreparationStale } from "../query/explainQueryFailure.ts";
import type { PreparedStatements } from "./PreparedStatements.ts";

type Row = Readonly<Record<string, unknown>>;

/** The options of a {@link PooledConnection}. */
export interface PooledConnectionOptions {
  /** SQL that gives the session its settings. */
  readonly sessionSql: string;
  /** The maximum time to read the next rows of a stream. */
  readonly streamTimeoutMs: number;
  /** Called when the connection turns out to be lost. */
  readonly onLost: (error: PeekError) => void;
  /** The statements that the connection has prepared; undefined: it prepares none. */
  readonly prepared: PreparedStatements | undefined;
}

/** A connection taken out of a pool, until it is released. */
export class PooledConnection {
  readonly client: PoolClient;
  /** SQL that gives the session the settings that it had at first. */
  readonly sessionSql: string;
  readonly #streamTimeoutMs: number;
  readonly #onLost: (error: PeekError) => void;
  #lost: PeekError | undefined;
  /** The error by which the server has closed the connection. */
  #serverError: Error | undefined;
  #running = 0;
  readonly #prepared: PreparedStatements | undefined;

  constructor(client: PoolClient, { sessionSql, streamTimeoutMs, onLost, prepared }: PooledConnectionOptions) {
    this.client = client;
    this.sessionSql = sessionSql;
    this.#prepared = prepared;
    this.#streamTimeoutMs = streamTimeoutMs;
    this.#onLost = onLost;
    client.on("error", this.#onError);
  }

  /** Why the connection cannot be used any more; undefined while it can. */
  get lost(): PeekError | undefined {
    return this.#lost;
  }

  /** How many of its queries have not been answered. */
  get running(): number {
    return this.#running;
  }

  /** @throws PeekError as {@link explainQueryFailure}. */
  async query(sql: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
    this.#running += 1;
    try {
      return lastOf(await this.#send(sql, values));
    } catch (error) {
      throw this.explain(error, sql);
    } finally {
      this.#running -= 1;
    }
  }

  /**
   * Resets the session to the state of a new connection.
   *
   * @throws PeekError as {@link explainQueryFailure}.
   */
  async discardAll(): Promise<void> {
    await this.query("discard all");
    await this.query(this.sessionSql);
    this.#prepared?.reset();
  }

  /**
   * Checks that the server answers.
   *
   * @throws PeekError when it does not answer within `timeoutMs`.
   */
  async probe(timeoutMs: number): Promise<void> {
    const sql = "SELECT 1";
    try {
      await this.#withTimeout(this.client.query(sql), sql, timeoutMs);
    } catch (error) {
      throw this.explain(error, sql);
    }
  }

  /** Reads the rows of a query in batches; the next batch is fetched when the consumer asks for it. */
  async *stream(sql: string, values: readonly unknown[], batchSize: number): AsyncIterableIterator<Row[]> {
    const cursor = this.client.query(new Cursor<Row>(sql, [...values]));
    this.#running += 1;
    try {
      for (;;) {
        const rows = await this.#withTimeout(cursor.read(batchSize), sql);
        if (rows.length === 0) return;
        yield rows;
      }
    } catch (error) {
      throw this.explain(error, sql);
    } finally {
      this.#running -= 1;
      if (this.#lost === undefined)
        await this.#withTimeout(cursor.close(), sql).catch((error: unknown) => this.explain(error, sql));
    }
  }

  /** Translates an error of `pg` into a PeekError, and records whether the connection is lost. */
  explain(thrown: unknown, sql: string): PeekError {
    // After the server has closed a connection, `pg` reports only that it is gone. The server's own error says why.
    const error = explainQueryFailure(
      this.#serverError !== undefined && !(thrown instanceof DatabaseError) ? this.#serverError : thrown,
      sql,
    );
    if (isConnectionLost(this.#serverError ?? error)) this.#lose(error);
    return error;
  }

  /** Marks the connection as closed on purpose, so that errors on it do not count as a loss of the database. */
  markClosed(reason: PeekError): void {
    this.#lost ??= reason;
  }

  /** Removes its listeners, before the connection is released. */
  detach(): void {
    this.client.off("error", this.#onError);
  }

  readonly #onError = (error: Error): void => {
    this.#serverError ??= error;
    this.#lose(explainQueryFailure(error, ""));
  };

  #lose(error: PeekError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#onLost(error);
  }

  /** A text without values may have several statements, and then it cannot be prepared. */
  #send(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    if (values.length === 0) return this.client.query<Row>(sql);
    const name = this.#prepared?.nameFor(sql);
    if (name === undefined) return this.client.query<Row>(sql, [...values]);
    return this.client
      .query<Row>({ name, text: sql, values: [...values] })
      .catch((error: unknown) => this.#sendUnprepared(sql, values, error));
  }

  /** Repeats a statement that failed only because its preparation is stale; not in a transaction, which has failed too. */
  #sendUnprepared(sql: string, values: readonly unknown[], error: unknown): Promise<QueryResult<Row>> {
    if (!isPreparationStale(error)) throw error;
    this.#prepared?.disable(sql);
    if (this.client.getTransactionStatus() !== "I") throw error;
    return this.client.query<Row>(sql, [...values]);
  }

  async #withTimeout<T>(work: Promise<T>, sql: string, timeoutMs = this.#streamTimeoutMs): Promise<T> {
    const timeout = Promise.withResolvers<never>();
    const onTimeout = (): void =>
      timeout.reject(
        new PeekError("STORAGE_TIMEOUT", `The database did not answer within ${timeoutMs} ms: ${sql}`, {
          fields: { connectionLost: true },
        }),
      );
    const timer = setTimeout(onTimeout, timeoutMs);
    // After the timeout, it may still fail.
    work.catch(() => undefined);
    try {
      return await Promise.race([work, timeout.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** For several statements in one text, `pg` gives a list of results, though its types do not say so. */
function lastOf(result: QueryResult<Row>): QueryResult<Row> {
  return [result].flat().at(-1) ?? result;
}
