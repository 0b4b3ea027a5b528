import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { type QueueName, queueText } from "./QueueName.ts";
import { readFetched } from "./taskRows.ts";
import type { Attempt, FetchedTask, TaskQueue } from "./TaskQueue.ts";
import { fetchKeyedSql, fetchSql } from "./taskSql.ts";
import { retryOnConflict } from "./retryOnConflict.ts";

/** How many keys of a queue one fetch examines; the next fetch continues behind them. A key takes 30 µs. */
const keysPerTask = 4;
const minKeys = 100;

const orderSchema = z.object({
  id: z.string().nullable(),
  priority: z.int().nullable(),
  created_on: z.union([z.date().transform(Number), z.string().transform((text) => Date.parse(text))]).nullable(),
  last_key: z.string().nullish(),
});

/** Fetches due tasks from their queues. */
export class TaskFetcher {
  readonly #database: TaskDatabase;
  readonly #settle: TaskQueue["settle"];
  /** The last examined key, of keyed queues with more keys than one fetch examines. */
  readonly #lastKeys = new Map<string, string>();

  constructor(database: TaskDatabase, settle: TaskQueue["settle"]) {
    this.#database = database;
    this.#settle = settle;
  }

  /** @throws PeekError as the database. */
  async fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]> {
    if (count <= 0) return [];
    const rows = queue.kind === "keyed" ? await this.#keyed(queue, count) : await this.#plain(queue, count);
    const invalid: Attempt[] = [];
    const tasks = rows.flatMap((row): FetchedTask[] => {
      const { attempt, task } = readFetched(queue, row);
      if (task === undefined) invalid.push(attempt);
      return task === undefined ? [] : [task];
    });
    if (invalid.length > 0) await this.#fail(queue, invalid);
    return tasks;
  }

  async #plain(queue: QueueName, count: number): Promise<readonly unknown[]> {
    const { rows } = await retryOnConflict(() => this.#database.query(fetchSql, [queueText(queue), count]));
    return inOrder(rows);
  }

  async #keyed(queue: QueueName, count: number): Promise<readonly unknown[]> {
    const name = queueText(queue);
    // From the last key to the end, then from the beginning.
    for (let ends = 0; ;) {
      const after = this.#lastKeys.get(name);
      const { rows } = await retryOnConflict(
        () => this.#database.query(fetchKeyedSql, [name, count, after ?? "", Math.max(minKeys, count * keysPerTask)]),
        // Of two workers that fetch a task with the same key, one has to search again.
        ["STORAGE_CONFLICT", "STORAGE_CONSTRAINT"],
      );
      const last = rows.map((row) => orderSchema.parse(row).last_key).find((key) => typeof key === "string");
      if (last === undefined || last === null) this.#lastKeys.delete(name);
      else this.#lastKeys.set(name, last);
      const fetched = inOrder(rows.filter(({ id }) => id !== null));
      if (fetched.length > 0) return fetched;
      if (last !== undefined && last !== null) continue;
      ends += 1;
      if (after === undefined || ends > 1) return [];
    }
  }

  async #fail(queue: QueueName, invalid: readonly Attempt[]): Promise<void> {
    const message = `The task ${queue.task} cannot be read: its row in the database was not written by Peek.`;
    const error = { code: "TASK_INPUT_INVALID", message };
    await this.#settle(
      queue,
      invalid.map((attempt) => ({ kind: "failed", attempt, error, failures: 1 })),
    );
  }
}

/** Sorts the rows by priority and time: an UPDATE returns them in any order. */
function inOrder(rows: readonly Readonly<Record<string, unknown>>[]): readonly unknown[] {
  const keyed = rows.map((row) => ({ row, at: orderSchema.parse(row) }));
  keyed.sort(
    ({ at: a }, { at: b }) =>
      (b.priority ?? 0) - (a.priority ?? 0) ||
      (a.created_on ?? 0) - (b.created_on ?? 0) ||
      ((a.id ?? "") < (b.id ?? "") ? -1 : 1),
  );
  return keyed.map(({ row }) => row);
}
