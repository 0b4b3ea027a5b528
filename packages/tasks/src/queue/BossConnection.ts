import { PeekError } from "@peek/errors";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { Db } from "pg-boss";

/**
 * The database as pg-boss needs it: its statements get the server's own errors, since it acts on their codes and texts. Disposal
 * waits for the statements that pg-boss started without awaiting them.
 */
export class BossConnection implements Db, AsyncDisposable {
  readonly #database: TaskDatabase;
  readonly #running = new Set<Promise<unknown>>();
  readonly #explained = new WeakMap<object, PeekError>();

  constructor(database: TaskDatabase) {
    this.#database = database;
  }

  async executeSql(text: string, values: readonly unknown[] = []): Promise<{ rows: Record<string, unknown>[] }> {
    // Several statements in one text are a transaction anyway. With BEGIN, it would stay open after a failed statement, and the rows
    // of the last statement would be those of COMMIT.
    const sql = text.replace(/^\s*BEGIN;/, "").replace(/COMMIT;\s*$/, "");
    const running = this.#database.query(sql, values);
    this.#running.add(running);
    try {
      const { rows } = await running;
      return { rows: rows.map((row) => ({ ...row })) };
    } catch (error) {
      throw this.#unwrap(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** The PeekError behind an error that pg-boss reports; undefined for an error of pg-boss itself. */
  explain(error: unknown): PeekError | undefined {
    if (PeekError.is(error)) return error;
    return typeof error === "object" && error !== null ? this.#explained.get(error) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  #unwrap(error: unknown): unknown {
    if (!PeekError.is(error) || !(error.cause instanceof Error)) return error;
    this.#explained.set(error.cause, error);
    return error.cause;
  }
}
