import {
  PgBossTaskQueue,
  type QueueName,
  queueText,
  type RunStatement,
  type TaskQueueOpenOptions,
  type TaskRequest,
} from "@peek/tasks";
import pg from "pg";
import { TestLog } from "@peek/kit/testing";
import { openTestDatabase, type TestDatabase, TestTaskDatabase } from "../testing.ts";

/** The password of the roles of tests, for servers that require one. */
export const rolePassword = "secret";

/** A queue in a database of its own. */
export interface Rig extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly database: TestTaskDatabase;
  readonly queue: PgBossTaskQueue;
  readonly log: TestLog;
  /** Runs a statement as a role that has logged in with {@link rolePassword}, in a transaction of its own. */
  asRole(role: string, sql: string, values: readonly unknown[]): Promise<unknown>;
  /** Begins a transaction on a connection of its own. */
  transaction(): Promise<AsyncDisposable & { readonly query: RunStatement }>;
  /** Inserts rows into the queue {@link plain}. */
  fill(state: string, count: number): Promise<void>;
  /** Opens the queue for another process. */
  open(options?: Partial<TaskQueueOpenOptions>): Promise<PgBossTaskQueue>;
}

export async function openRig(options: Partial<TaskQueueOpenOptions> = {}): Promise<Rig> {
  await using owned = new AsyncDisposableStack();
  const test = owned.use(await openTestDatabase());
  const database = owned.use(new TestTaskDatabase(test));
  const log = new TestLog();
  const open = async (more: Partial<TaskQueueOpenOptions> = {}): Promise<PgBossTaskQueue> => {
    const { signal } = new AbortController();
    const times = { keepResultsHours: 24, keepDeadLettersDays: 30, lostAfterSeconds: 20, pollMs: 20 };
    return inner.use(
      await PgBossTaskQueue.open({ database, role: "owner", logger: log, signal, ...times, ...options, ...more }),
    );
  };
  const inner = owned.use(new AsyncDisposableStack());
  const asRole = async (role: string, sql: string, values: readonly unknown[]): Promise<unknown> => {
    const connectionString = test.connectUrl.replace(/\/\/[^@]*@/, `//${role}:${rolePassword}@`);
    const client = new pg.Client({ connectionString });
    await client.connect();
    try {
      return await client.query(sql, [...values]);
    } finally {
      await client.end();
    }
  };
  const transaction: Rig["transaction"] = async () => {
    const client = new pg.Client({ connectionString: test.connectUrl });
    await client.connect();
    await client.query("BEGIN");
    // The first statement determines its time.
    await client.query("SELECT");
    const query: RunStatement = async (sql, values) => await client.query(sql, [...values]);
    return { query, [Symbol.asyncDispose]: () => client.end() };
  };
  const fill = async (state: string, count: number): Promise<void> => {
    const retry = { tries: 1, delayMs: 0, maxDelayMs: 0 };
    const sql = `INSERT INTO peek_tasks.job_common (id, name, data, state, policy, started_on, completed_on)
      SELECT gen_random_uuid(), $1, $2, $3::peek_tasks.job_state, 'standard',
        CASE WHEN $3 <> 'created' THEN now() END, CASE WHEN $3 <> 'created' THEN now() END
      FROM generate_series(1, $4::integer)`;
    await test.query(sql, [queueText(plain), { input: "1", retry, failures: 0 }, state, count]);
  };
  const queue = await open();
  const all = owned.move();
  return {
    test,
    database,
    queue,
    log,
    open,
    asRole,
    transaction,
    fill,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

export const plain: QueueName = { task: "peek_plugin_test.Work", version: 1, kind: "plain" };
export const keyed: QueueName = { ...plain, kind: "keyed" };
export const single: QueueName = { ...plain, kind: "single" };

let made = 0;

/** Makes a request, with a greater id than the one before. */
export function request(more: Partial<TaskRequest> = {}): TaskRequest {
  made += 1;
  const id = `01900000-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
  const retry = { tries: 3, delayMs: 1000, maxDelayMs: 60_000 };
  return { id, input: JSON.stringify(made), priority: 0, retry, deadlineMs: 60_000, ...more };
}
