import type {
  AttemptOutcome,
  RunStatement,
  StoredTask,
  FetchedTask,
  TaskQueue,
  TaskRequest,
  TaskSchedule,
} from "../../src/queue/TaskQueue.ts";
import { type QueueName, queueText } from "../../src/queue/QueueName.ts";

type Row = { -readonly [Key in keyof StoredTask]: StoredTask[Key] } & { readonly request: TaskRequest };

/** A queue in memory that can fail and delay on demand. */
export class FakeTaskQueue implements TaskQueue {
  readonly rows = new Map<string, Row>();
  readonly inserts: (readonly TaskRequest[])[] = [];
  readonly reads: string[] = [];
  readonly made: TaskSchedule[] = [];
  /** Runs before each statement, which fails with an error of it. */
  before: (statement: "ensure" | "insert" | "read" | "cancel" | "schedule", id?: string) => Promise<void> | void =
    () => {};

  async ensure(): Promise<void> {
    await this.before("ensure");
  }

  async insert(queue: QueueName, requests: readonly TaskRequest[], within?: RunStatement): Promise<readonly string[]> {
    this.inserts.push(requests);
    await this.before("insert");
    await within?.("select $1", [queueText(queue)]);
    const now = new Date().toISOString();
    return requests.map((request) => {
      const { id, key, input } = request;
      const present = queue.kind === "single" && this.#of(queue).find((row) => row.key === key);
      if (present) return present.id;
      const times = { queuedAt: now, startAfter: now };
      const row: Row = { id, queue, state: "waiting", attempts: 0, failures: 0, input, ...times, request };
      if (key !== undefined) row.key = key;
      if (request.origin !== undefined) row.origin = request.origin;
      this.rows.set(id, row);
      return id;
    });
  }

  async fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]> {
    const waiting = this.#of(queue).filter(({ state }) => state === "waiting");
    return waiting.slice(0, count).map((row) => {
      row.state = "running";
      row.attempts += 1;
      const { id, input, failures, attempts, request } = row;
      const { retry, origin } = request;
      return { id, queue, input, failures, retry, retryCount: attempts - 1, ...(origin !== undefined && { origin }) };
    });
  }

  async settle(_: QueueName, outcomes: readonly AttemptOutcome[]): Promise<ReadonlySet<string>> {
    for (const outcome of outcomes) {
      const row = this.rows.get(outcome.attempt.id);
      if (row === undefined) continue;
      if (outcome.kind === "done") Object.assign(row, { state: "done", output: outcome.output });
      else if (outcome.kind === "handedBack") row.state = "waiting";
      else {
        const { error, failures } = outcome;
        Object.assign(row, { state: outcome.kind === "retry" ? "waiting" : "failed", error, failures });
      }
    }
    return new Set(outcomes.map(({ attempt }) => attempt.id));
  }

  async cancel(_: QueueName, id: string): Promise<boolean> {
    await this.before("cancel", id);
    const row = this.rows.get(id);
    if (row?.state !== "waiting" && row?.state !== "running") return false;
    row.state = "cancelled";
    return true;
  }

  async read(id: string): Promise<StoredTask | undefined> {
    this.reads.push(id);
    await this.before("read", id);
    const row = this.rows.get(id);
    return row && { ...row };
  }

  async readByKey(task: string, kind: string, key: string, limit: number): Promise<readonly StoredTask[]> {
    const found = [...this.rows.values()].filter(
      (row) => row.queue.task === task && row.queue.kind === kind && row.key === key,
    );
    return found.reverse().slice(0, limit);
  }

  async schedule(queue: QueueName, name: string, cron: string, tz: string): Promise<void> {
    await this.before("schedule");
    await this.unschedule(queue, name);
    this.made.push({ queue, name, cron, tz });
  }

  async unschedule(queue: QueueName, name: string): Promise<boolean> {
    const at = this.made.findIndex((each) => each.name === name && queueText(each.queue) === queueText(queue));
    return at >= 0 && this.made.splice(at, 1).length === 1;
  }

  async schedules(): Promise<readonly TaskSchedule[]> {
    return [...this.made];
  }

  async scheduleStates(): Promise<never> {
    throw new Error("Not needed");
  }
  async pauseSchedule(): Promise<never> {
    throw new Error("Not needed");
  }

  async due(): Promise<never> {
    throw new Error("Not needed");
  }
  async touch(): Promise<never> {
    throw new Error("Not needed");
  }
  async depths(): Promise<never> {
    throw new Error("Not needed");
  }
  async list(): Promise<never> {
    throw new Error("Not needed");
  }
  async retry(): Promise<never> {
    throw new Error("Not needed");
  }
  async drop(): Promise<never> {
    throw new Error("Not needed");
  }
  async [Symbol.asyncDispose](): Promise<void> {}

  #of(queue: QueueName): readonly Row[] {
    return [...this.rows.values()].filter((row) => queueText(row.queue) === queueText(queue));
  }
}
