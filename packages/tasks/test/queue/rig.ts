import { format } from "node:util";
import type { LogFunction, Logger, LogMethod } from "@peek/plugin-base";
import { PgBossTaskQueue, type QueueName, type TaskQueueOpenOptions, type TaskRequest } from "@peek/tasks";
import pg from "pg";
import { openTestDatabase, type TestDatabase, TestTaskDatabase } from "../testing.ts";

/** A log that a test can read: `level: message`. */
export class TestLog implements Logger {
  readonly lines: string[] = [];
  readonly debug = this.#writer("debug");
  readonly info = this.#writer("info");
  readonly warning = this.#writer("warning");
  readonly error = this.#writer("error");
  readonly critical = this.#writer("critical");

  isLevelEnabled(): boolean {
    return true;
  }

  #writer(level: LogMethod): LogFunction {
    return (first: unknown, ...values: readonly unknown[]) => {
      this.lines.push(`${level}: ${format(first, ...values)}`);
    };
  }
}

/** A queue in a database of its own. */
export interface Rig extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly database: TestTaskDatabase;
  readonly queue: PgBossTaskQueue;
  readonly log: TestLog;
  /** Runs a statement as a role logs in, in a transaction of its own. */
  asRole(role: string, sql: string, values: readonly unknown[]): Promise<unknown>;
  /** Another process on the same database. */
  open(options?: Partial<TaskQueueOpenOptions>): Promise<PgBossTaskQueue>;
}

export async function openRig(options: Partial<TaskQueueOpenOptions> = {}): Promise<Rig> {
  await using owned = new AsyncDisposableStack();
  const test = owned.use(await openTestDatabase());
  const database = owned.use(new TestTaskDatabase(test));
  const log = new TestLog();
  const open = async (more: Partial<TaskQueueOpenOptions> = {}): Promise<PgBossTaskQueue> => {
    const { signal } = new AbortController();
    const times = { keepResultsHours: 24, keepDeadLettersDays: 30, lostAfterSeconds: 20 };
    return inner.use(
      await PgBossTaskQueue.open({ database, role: "owner", logger: log, signal, ...times, ...options, ...more }),
    );
  };
  const inner = owned.use(new AsyncDisposableStack());
  const asRole = async (role: string, sql: string, values: readonly unknown[]): Promise<unknown> => {
    const client = new pg.Client({ connectionString: test.connectUrl });
    await client.connect();
    try {
      await client.query(`SET SESSION AUTHORIZATION ${role}`);
      return await client.query(sql, [...values]);
    } finally {
      await client.end();
    }
  };
  const queue = await open();
  const all = owned.move();
  return { test, database, queue, log, open, asRole, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export const plain: QueueName = { task: "peek_plugin_test.Work", version: 1, kind: "plain" };
export const keyed: QueueName = { ...plain, kind: "keyed" };
export const single: QueueName = { ...plain, kind: "single" };

let made = 0;

/** A request; of two, the later has the greater id. */
export function request(more: Partial<TaskRequest> = {}): TaskRequest {
  made += 1;
  const id = `01900000-0000-7000-8000-${made.toString(16).padStart(12, "0")}`;
  const retry = { tries: 3, delayMs: 1000, maxDelayMs: 60_000 };
  return { id, input: JSON.stringify(made), priority: 0, retry, deadlineMs: 60_000, ...more };
}
