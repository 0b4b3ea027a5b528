import { PeekError } from "@peek/errors";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { schema } from "./layoutSql.ts";
import { parseQueueText } from "./QueueName.ts";
import { maxLosses } from "./requestRows.ts";
import { readStored, storedColumns } from "./taskRows.ts";
import type { StoredTask, TaskQueue } from "./TaskQueue.ts";
import { dropSql, retryableSql, retrySql } from "./taskSql.ts";

type Rows = readonly Readonly<Record<string, unknown>>[];

/** How many tasks one statement retries or drops. */
const retryBatch = 1000;
const dropBatch = 5000;

/** The states as conditions that the indexes serve. Peek uses no flows, so no task is blocked. */
const states: Readonly<Record<StoredTask["state"], string>> = {
  waiting: "o.state < 'active' AND NOT o.blocked",
  running: "o.state = 'active'",
  done: "o.state = 'completed'",
  failed: "o.state = 'failed'",
  cancelled: "o.state = 'cancelled'",
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads, lists, retries and drops tasks for operators and plugins. Each method throws a PeekError as the database. */
export class TaskAdmin {
  readonly #database: TaskDatabase;

  constructor(database: TaskDatabase) {
    this.#database = database;
  }

  async read(id: string): Promise<StoredTask | undefined> {
    if (!uuid.test(id)) return undefined;
    const sql = `SELECT ${storedColumns} FROM ${schema}.job_common AS j
      WHERE j.name = ANY (ARRAY(SELECT name FROM ${schema}.queue)) AND j.id = $1`;
    return read((await this.#database.query(sql, [id])).rows)[0];
  }

  async readByKey(...[task, kind, key, limit]: Parameters<TaskQueue["readByKey"]>): Promise<readonly StoredTask[]> {
    const names = await this.#names((queue) => queue.task === task && queue.kind === kind);
    const sql = `SELECT j.* FROM unnest($1::text[]) AS q (name) CROSS JOIN LATERAL (
        SELECT ${storedColumns} FROM ${schema}.job_common AS j
        WHERE j.name = q.name AND j.singleton_key = $2 ORDER BY j.id DESC LIMIT $3
      ) AS j ORDER BY j.id DESC LIMIT $3`;
    return read((await this.#database.query(sql, [names, key, limit])).rows);
  }

  async list({ task, state, limit }: Parameters<TaskQueue["list"]>[0]): Promise<readonly StoredTask[]> {
    const names = await this.#names((queue) => task === undefined || isOf(queue.task, task));
    // First the newest ids of each queue, by an index; then only the listed rows are read as a whole.
    const sql = `WITH newest AS MATERIALIZED (
        SELECT q.name, o.id FROM unnest($1::text[]) AS q (name) CROSS JOIN LATERAL (
          SELECT o.id FROM ${schema}.job_common AS o
          WHERE o.name = q.name AND ${state === undefined ? "true" : states[state]} ORDER BY o.id DESC LIMIT $2
        ) AS o ORDER BY o.id DESC LIMIT $2
      )
      SELECT ${storedColumns} FROM newest JOIN ${schema}.job_common AS j USING (name, id) ORDER BY j.id DESC`;
    return read((await this.#database.query(sql, [names, limit])).rows);
  }

  async retry(filter: Parameters<TaskQueue["retry"]>[0]): Promise<number> {
    const { names, ids } = await this.#select(filter);
    const { rows } = await this.#database.query("SELECT clock_timestamp()::text AS now");
    const until = String(rows[0]?.["now"]);
    let count = 0;
    for (const name of names) {
      const kind = parseQueueText(name)?.kind;
      const retry = (of: readonly string[] | null): Promise<number> =>
        this.#repeat(retrySql, [name, of, maxLosses, until], retryBatch);
      count += kind === "single" ? await this.#retryEach(name, ids, retry) : await retry(ids);
    }
    return count;
  }

  async drop(filter: Parameters<TaskQueue["drop"]>[0]): Promise<number> {
    const { names, ids } = await this.#select(filter);
    if ("state" in filter) return await this.#repeat(dropSql(states[filter.state]), [names], dropBatch);
    return await this.#repeat(dropSql("o.id = ANY ($2::uuid[]) AND o.state <> 'active'"), [names, ids], dropBatch);
  }

  /** One by one: a task stays as it is when another one with its singleton key waits or runs. */
  async #retryEach(
    name: string,
    ids: readonly string[] | null,
    retry: (ids: readonly string[]) => Promise<number>,
  ): Promise<number> {
    let count = 0;
    for (const { id } of (await this.#database.query(retryableSql, [name, ids])).rows) {
      try {
        count += await retry([String(id)]);
      } catch (error) {
        if (!PeekError.is(error) || error.code !== "STORAGE_CONSTRAINT") throw error;
      }
    }
    return count;
  }

  /** Runs a statement in batches until no rows are left: a single statement for a million rows could exceed its timeout. */
  async #repeat(sql: string, values: readonly unknown[], batch: number): Promise<number> {
    for (let count = 0; ;) {
      const { rows } = await this.#database.query(sql, values);
      count += rows.length;
      if (rows.length < batch) return count;
    }
  }

  async #select(
    filter: { readonly ids: readonly string[] } | { readonly task: string },
  ): Promise<{ readonly names: readonly string[]; readonly ids: readonly string[] | null }> {
    if ("ids" in filter) return { names: await this.#names(() => true), ids: filter.ids.filter((id) => uuid.test(id)) };
    return { names: await this.#names(({ task }) => task === filter.task), ids: null };
  }

  async #names(matches: (queue: StoredTask["queue"]) => boolean): Promise<readonly string[]> {
    const { rows } = await this.#database.query(`SELECT name FROM ${schema}.queue ORDER BY name`);
    return rows.flatMap(({ name }) => {
      const queue = parseQueueText(String(name));
      return queue !== undefined && matches(queue) ? [String(name)] : [];
    });
  }
}

function read(rows: Rows): readonly StoredTask[] {
  return rows.flatMap((row) => readStored(row) ?? []);
}

/** Whether a task or its plugin has this name. */
function isOf(task: string, name: string): boolean {
  return task === name || task.startsWith(`${name}.`);
}
