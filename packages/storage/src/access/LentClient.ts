import { PeekError } from "@peek/errors";
import { DatabaseError, type PoolClient, type QueryResult } from "pg";
import Cursor from "pg-cursor";
import { explainQueryFailure, isConnectionLost, isPreparationStale } from "./explainQueryFailure.ts";
import type { PreparedStatements } from "./PreparedStatements.ts";

type Row = Readonly<Record<string, unknown>>;

/** What a {@link LentClient} is made of. */
export interface LentClientOptions {
  /** What gives its session its settings. */
  readonly sessionSql: string;
  /** What reading the next rows of a stream may take; milliseconds. */
  readonly streamTimeoutMs: number;
  /** Told when the connection turns out to be lost. */
  readonly onLost: (error: PeekError) => void;
  /** What the connection has prepared; undefined: it prepares nothing. */
  readonly prepared: PreparedStatements | undefined;
}

/** A connection that somebody has taken out of a pool, until it is given back. */
export class LentClient {
  readonly client: PoolClient;
  /** What gives its session the settings that it had at first. */
  readonly sessionSql: string;
  readonly #streamTimeoutMs: number;
  readonly #onLost: (error: PeekError) => void;
  #lost: PeekError | undefined;
  /** What the server said when it ended the connection by itself. */
  #ended: Error | undefined;
  #running = 0;
  readonly #prepared: PreparedStatements | undefined;

  constructor(client: PoolClient, { sessionSql, streamTimeoutMs, onLost, prepared }: LentClientOptions) {
    this.client = client;
    this.sessionSql = sessionSql;
    this.#prepared = prepared;
    this.#streamTimeoutMs = streamTimeoutMs;
    this.#onLost = onLost;
    client.on("error", this.#onError);
  }

  /** Why it is of no more use, if so: it must not go back into the pool. */
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
   * Makes the connection as if it were new.
   *
   * @throws PeekError as {@link explainQueryFailure}.
   */
  async discardAll(): Promise<void> {
    await this.query("discard all");
    await this.query(this.sessionSql);
    this.#prepared?.forgetAll();
  }

  /**
   * Sees whether the server answers.
   *
   * @throws PeekError when it does not, within the time; milliseconds.
   */
  async probe(timeoutMs: number): Promise<void> {
    const sql = "SELECT 1";
    try {
      await this.#inTime(this.client.query(sql), sql, timeoutMs);
    } catch (error) {
      throw this.explain(error, sql);
    }
  }

  /** The rows of a query, so many at a time: the next are asked for when these have been dealt with. */
  async *stream(sql: string, values: readonly unknown[], rowsAtATime: number): AsyncIterableIterator<Row[]> {
    const cursor = this.client.query(new Cursor<Row>(sql, [...values]));
    this.#running += 1;
    try {
      for (;;) {
        const rows = await this.#inTime(cursor.read(rowsAtATime), sql);
        if (rows.length === 0) return;
        yield rows;
      }
    } catch (error) {
      throw this.explain(error, sql);
    } finally {
      this.#running -= 1;
      if (this.#lost === undefined)
        await this.#inTime(cursor.close(), sql).catch((error: unknown) => this.explain(error, sql));
    }
  }

  /** What went wrong; whether the connection can be used on is noted. */
  explain(thrown: unknown, sql: string): PeekError {
    // `pg` says of a connection that the server ended only that it is gone; the server had said why.
    const error = explainQueryFailure(
      this.#ended !== undefined && !(thrown instanceof DatabaseError) ? this.#ended : thrown,
      sql,
    );
    if (isConnectionLost(this.#ended ?? error)) this.#lose(error);
    return error;
  }

  /** Has no more use for it, whatever runs on it: that is not a loss of the database. */
  giveUp(why: PeekError): void {
    this.#lost ??= why;
  }

  /** It is nobody's any more. */
  detach(): void {
    this.client.off("error", this.#onError);
  }

  readonly #onError = (error: Error): void => {
    this.#ended ??= error;
    this.#lose(explainQueryFailure(error, ""));
  };

  #lose(error: PeekError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#onLost(error);
  }

  /** Statements without values may be several in one text, which cannot be prepared. */
  #send(sql: string, values: readonly unknown[]): Promise<QueryResult<Row>> {
    if (values.length === 0) return this.client.query<Row>(sql);
    const name = this.#prepared?.nameFor(sql);
    if (name === undefined) return this.client.query<Row>(sql, [...values]);
    return this.client
      .query<Row>({ name, text: sql, values: [...values] })
      .catch((error: unknown) => this.#sendUnprepared(sql, values, error));
  }

  /** Runs a statement once more, if it failed only for having been prepared; in a transaction that is over for it. */
  #sendUnprepared(sql: string, values: readonly unknown[], error: unknown): Promise<QueryResult<Row>> {
    if (!isPreparationStale(error)) throw error;
    this.#prepared?.refuse(sql);
    if (this.client.getTransactionStatus() !== "I") throw error;
    return this.client.query<Row>(sql, [...values]);
  }

  async #inTime<T>(work: Promise<T>, sql: string, timeoutMs = this.#streamTimeoutMs): Promise<T> {
    const late = Promise.withResolvers<never>();
    const onLate = (): void =>
      late.reject(
        new PeekError("STORAGE_TIMEOUT", `The database did not answer within ${timeoutMs} ms: ${sql}`, {
          fields: { connectionLost: true },
        }),
      );
    const timer = setTimeout(onLate, timeoutMs);
    // Given up on, it may still fail.
    work.catch(() => undefined);
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Of several statements in one text, `pg` gives a list of what each has come to, whatever its types say. */
function lastOf(result: QueryResult<Row>): QueryResult<Row> {
  return [result].flat().at(-1) ?? result;
}
