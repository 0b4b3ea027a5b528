import { setTimeout as delay } from "node:timers/promises";
import type { PeerIdentity, TaskHandler } from "@peek/plugin-base";
import { TestLog } from "@peek/kit/testing";
import type { TaskUpdate, TaskSignals } from "../../src/caller/TaskSignals.ts";
import { type QueueKind, type QueueName, queueOf } from "../../src/queue/QueueName.ts";
import type { AttemptOutcome, FetchedTask } from "../../src/queue/TaskQueue.ts";
import { TaskWorker, type TaskWorkerOptions } from "../../src/worker/index.ts";
import { MemoryQueue } from "./MemoryQueue.ts";

export const origin: PeerIdentity = { service: "logic", instance: "logic-1" };

/** A worker with a queue in memory. */
export class WorkerRig implements AsyncDisposable, TaskSignals {
  readonly queue = new MemoryQueue();
  readonly log = new TestLog();
  readonly self: PeerIdentity = { service: "worker", instance: "worker-1" };
  readonly updates: TaskUpdate[] = [];
  readonly woken: string[] = [];
  readonly worker: TaskWorker;

  constructor(options: Partial<TaskWorkerOptions> = {}) {
    const { queue, log: logger } = this;
    const sizes = {
      threads: 2,
      lightConcurrency: 4,
      pollMs: 20,
      heartbeatMs: 20,
      stopMs: 2000,
      overdueLogMs: 100,
      blockedLogMs: 100,
    };
    const storageOf = async (): Promise<never> => {
      throw new Error("There is no storage here");
    };
    this.worker = new TaskWorker({ queue, signals: this, logger, storageOf, ...sizes, ...options });
  }

  wake(queue: string): void {
    this.woken.push(queue);
  }

  cancelled(): void {}

  notify(_: PeerIdentity, updates: readonly TaskUpdate[]): void {
    this.updates.push(...updates);
  }

  add({ task }: TaskHandler, input: unknown, options: Partial<FetchedTask> = {}, kind: QueueKind = "plain"): string {
    return this.queue.add(queueOf(task, kind), JSON.stringify(input), options);
  }

  queueOf({ task }: TaskHandler): QueueName {
    return queueOf(task, "plain");
  }

  /** Waits for the last outcome of a task. */
  async ended(id: string): Promise<AttemptOutcome | undefined> {
    await until(`the end of ${id}`, () => this.queue.rows.get(id)?.state === "ended");
    return this.queue.outcome(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker[Symbol.asyncDispose]();
  }
}

/** Waits for a condition; throws when it has not come true within 30 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`Not within 30 s: ${what}`);
    await delay(2);
  }
}
