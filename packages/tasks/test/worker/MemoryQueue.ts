import { PeekError } from "@peek/errors";
import { type QueueName, queueText } from "../../src/queue/QueueName.ts";
import type { Attempt, AttemptOutcome, FetchedTask, WorkerQueue } from "../../src/queue/TaskQueue.ts";

interface Row {
  readonly task: FetchedTask;
  state: "waiting" | "running" | "ended";
}

/** A queue in memory that can fail and delay on demand. */
export class MemoryQueue implements WorkerQueue {
  readonly rows = new Map<string, Row>();
  readonly fetches: { readonly queue: string; readonly count: number }[] = [];
  readonly settled: AttemptOutcome[] = [];
  dueAsked = 0;
  /** While true, all calls fail. */
  isAway = false;
  /** The number of outcomes of each settle(), whether it succeeded or not. */
  readonly settles: number[] = [];
  /** Whether a settle() exceeds its timeout. */
  isSlow: (outcomes: readonly AttemptOutcome[]) => boolean = () => false;
  /** Whether a settle() with this outcome is refused. */
  refuse: (outcome: AttemptOutcome) => boolean = () => false;
  /** Runs before a fetch(). */
  beforeFetch: () => Promise<void> | void = () => undefined;

  add(queue: QueueName, input: string, options: Partial<FetchedTask> = {}): string {
    const id = crypto.randomUUID();
    const retry = { tries: 3, delayMs: 0, maxDelayMs: 1000 };
    this.rows.set(id, { task: { id, queue, input, retryCount: 0, failures: 0, retry, ...options }, state: "waiting" });
    return id;
  }

  async due(queues: readonly QueueName[]): Promise<readonly QueueName[]> {
    this.dueAsked += 1;
    this.#reach();
    return queues.filter((queue) => this.#waiting(queue).length > 0);
  }

  async fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]> {
    this.fetches.push({ queue: queueText(queue), count });
    await this.beforeFetch();
    this.#reach();
    return this.#waiting(queue)
      .slice(0, count)
      .map((row) => {
        row.state = "running";
        return row.task;
      });
  }

  async settle(_: QueueName, outcomes: readonly AttemptOutcome[]): Promise<ReadonlySet<string>> {
    this.settles.push(outcomes.length);
    this.#reach();
    if (this.isSlow(outcomes)) throw new PeekError("STORAGE_TIMEOUT", "The database has not answered in time");
    if (outcomes.some((outcome) => this.refuse(outcome))) {
      throw new PeekError("STORAGE_QUERY_FAILED", "The database does not take this");
    }
    const ours = new Set<string>();
    for (const outcome of outcomes) {
      const { id, retryCount } = outcome.attempt;
      const row = this.rows.get(id);
      if (row?.state !== "running" || row.task.retryCount !== retryCount) continue;
      ours.add(id);
      this.settled.push(outcome);
      const again = outcome.kind === "retry" || outcome.kind === "handedBack";
      const begun = outcome.kind === "retry" || (outcome.kind === "handedBack" && outcome.begun);
      const failures = outcome.kind === "retry" || outcome.kind === "failed" ? outcome.failures : row.task.failures;
      const task = { ...row.task, failures, retryCount: retryCount + (begun ? 1 : 0) };
      this.rows.set(id, { task, state: again ? "waiting" : "ended" });
    }
    return ours;
  }

  async touch(_: QueueName, attempts: readonly Attempt[]): Promise<ReadonlySet<string>> {
    this.#reach();
    const held = attempts.filter(({ id }) => this.rows.get(id)?.state === "running");
    return new Set(held.map(({ id }) => id));
  }

  /** The last outcome of a task. */
  outcome(id: string): AttemptOutcome | undefined {
    return this.settled.findLast(({ attempt }) => attempt.id === id);
  }

  #waiting(queue: QueueName): readonly Row[] {
    const text = queueText(queue);
    return [...this.rows.values()].filter(({ state, task }) => state === "waiting" && queueText(task.queue) === text);
  }

  #reach(): void {
    if (this.isAway) throw new PeekError("STORAGE_UNAVAILABLE", "The database cannot be reached");
  }
}
