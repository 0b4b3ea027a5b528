import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { type QueueName, queueText } from "./QueueName.ts";
import { readFetched } from "./taskRows.ts";
import type { Attempt, FetchedTask, TaskQueue } from "./TaskQueue.ts";
import { fetchKeyedSql, fetchSql } from "./taskSql.ts";
import { retryOnConflict } from "./retryOnConflict.ts";

/**
 * At how many keys of a queue is looked for each task that is wanted, and at least; the next time goes on behind them. Looking at one
 * takes 30 µs.
 */
const keysPerTask = 4;
const fewestKeys = 100;

const orderSchema = z.object({
  id: z.string().nullable(),
  priority: z.int().nullable(),
  created_on: z.union([z.date().transform(Number), z.string().transform((text) => Date.parse(text))]).nullable(),
  last_key: z.string().nullish(),
});

/** Takes tasks out of their queues. */
export class TaskFetcher {
  readonly #database: TaskDatabase;
  readonly #settle: TaskQueue["settle"];
  /** Behind which key to look on, in keyed queues with more than can be looked at in one go. */
  readonly #behind = new Map<string, string>();

  constructor(database: TaskDatabase, settle: TaskQueue["settle"]) {
    this.#database = database;
    this.#settle = settle;
  }

  /** @throws PeekError as the database. */
  async fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]> {
    if (count <= 0) return [];
    const rows = queue.kind === "keyed" ? await this.#keyed(queue, count) : await this.#plain(queue, count);
    const broken: Attempt[] = [];
    const tasks = rows.flatMap((row): FetchedTask[] => {
      const { attempt, task } = readFetched(queue, row);
      if (task === undefined) broken.push(attempt);
      return task === undefined ? [] : [task];
    });
    if (broken.length > 0) await this.#fail(queue, broken);
    return tasks;
  }

  async #plain(queue: QueueName, count: number): Promise<readonly unknown[]> {
    const { rows } = await retryOnConflict(() => this.#database.query(fetchSql, [queueText(queue), count]));
    return inOrder(rows);
  }

  async #keyed(queue: QueueName, count: number): Promise<readonly unknown[]> {
    const name = queueText(queue);
    // From where it stopped the last time to the end, and then from the beginning.
    for (let ends = 0; ;) {
      const behind = this.#behind.get(name);
      const { rows } = await retryOnConflict(
        () =>
          this.#database.query(fetchKeyedSql, [name, count, behind ?? "", Math.max(fewestKeys, count * keysPerTask)]),
        // Of two that would take of the same key at once, one must look again.
        ["STORAGE_CONFLICT", "STORAGE_CONSTRAINT"],
      );
      const last = rows.map((row) => orderSchema.parse(row).last_key).find((key) => typeof key === "string");
      if (last === undefined || last === null) this.#behind.delete(name);
      else this.#behind.set(name, last);
      const taken = inOrder(rows.filter(({ id }) => id !== null));
      if (taken.length > 0) return taken;
      if (last !== undefined && last !== null) continue;
      ends += 1;
      if (behind === undefined || ends > 1) return [];
    }
  }

  async #fail(queue: QueueName, broken: readonly Attempt[]): Promise<void> {
    const message = `The task ${queue.task} cannot be read: what is in the database is not what Peek has written there.`;
    const error = { code: "TASK_INPUT_INVALID", message };
    await this.#settle(
      queue,
      broken.map((attempt) => ({ kind: "failed", attempt, error, failures: 1 })),
    );
  }
}

/** The rows of an update come in any order. */
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
