import { PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import type { Logger, TaskHandler } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { TaskSignals } from "../caller/TaskSignals.ts";
import { parseQueueText, queueKinds, queueOf, queueText } from "../queue/QueueName.ts";
import type { FetchedTask } from "../queue/TaskQueue.ts";
import { AttemptStatistics } from "./AttemptStatistics.ts";
import type { HandlerRegistration, RunnableTask, HeldTask } from "./HeldTask.ts";
import { importHandler } from "./importHandler.ts";
import { TaskScheduler, type FetchRequest } from "./TaskScheduler.ts";
import { OutcomeRecorder } from "./OutcomeRecorder.ts";
import { FetchLoop } from "./FetchLoop.ts";
import { TaskRunner } from "./TaskRunner.ts";
import { HeartbeatSender } from "./HeartbeatSender.ts";
import type { WorkerStatus } from "./WorkerStatus.ts";
import type { WorkerQueue } from "../queue/TaskQueue.ts";

/** What a {@link TaskWorker} works with. */
export interface TaskWorkerOptions {
  /** Not disposed with it. */
  readonly queue: WorkerQueue;
  readonly signals: TaskSignals;
  /** How many heavy tasks run at a time, each in a thread. */
  readonly threads: number;
  /** How many light tasks run at a time. */
  readonly lightConcurrency: number;
  /** How often the queues are asked for what nobody was woken for; milliseconds. Default: 2,000. */
  readonly pollMs?: number;
  /** How often it is said that tasks are still worked on; milliseconds. Default: 5,000. */
  readonly heartbeatMs?: number;
  /** How long stopping may take; milliseconds. */
  readonly stopMs: number;
  readonly logger: Logger;
  /** Where a plugin has its storage. @throws PeekError where it has none. */
  readonly storageOf: (plugin: string) => Promise<TaskStorage>;
}

/** How long tasks have, of the time that stopping may take, to end when their signal fires, and to be recorded; milliseconds. */
const lastMs = 1500;

/** While so many outcomes are not recorded yet, no more tasks are taken. */
const mostUnrecorded = 2000;

/**
 * Does tasks: takes them out of the queues, runs their handlers, records what became of them. Whatever a handler does, the others go
 * on; while the database is away, it waits.
 */
export class TaskWorker implements AsyncDisposable {
  readonly #options: TaskWorkerOptions;
  readonly #registration = new Map<string, HandlerRegistration>();
  /** By the text of a queue. */
  readonly #byQueue = new Map<string, HandlerRegistration>();
  /** By id. */
  readonly #held = new Map<string, RunnableTask>();
  readonly #scheduler: TaskScheduler<RunnableTask>;
  readonly #recorder: OutcomeRecorder;
  readonly #heartbeats: HeartbeatSender;
  readonly #loop: FetchLoop;
  readonly #runner: TaskRunner;
  readonly #tidying: NodeJS.Timeout;
  #stopping: Promise<void> | undefined;

  constructor(options: TaskWorkerOptions) {
    const { queue, signals, threads, lightConcurrency, pollMs = 2000, heartbeatMs = 5000, logger } = options;
    this.#options = options;
    this.#scheduler = new TaskScheduler({ light: lightConcurrency, heavy: threads });
    this.#recorder = new OutcomeRecorder({
      queue,
      signals,
      logger,
      isBusy: (text) => isPlain(text) && this.#scheduler.waiting(text) > 0,
      onSettled: (text, held) => this.#settled(text, held),
    });
    this.#runner = new TaskRunner({
      scheduler: this.#scheduler,
      recorder: this.#recorder,
      signals,
      threads,
      logger,
      storageOf: options.storageOf,
      onFreed: () => this.#pump(),
      onGone: (held) => this.#forget(held),
    });
    const all = (): Iterable<RunnableTask> => this.#held.values();
    this.#heartbeats = new HeartbeatSender({
      queue,
      heartbeatMs,
      logger,
      held: all,
      onLost: (held) => this.#lost(held),
    });
    const onFetched = (take: FetchRequest, tasks: readonly FetchedTask[]): void => this.#fetched(take, tasks);
    this.#loop = new FetchLoop({
      queue,
      scheduler: this.#scheduler,
      pollMs,
      logger,
      isFull: () => this.#recorder.size >= mostUnrecorded,
      onFetched,
    });
    this.#tidying = setInterval(() => this.#handBackSurplus(), pollMs);
  }

  /**
   * Does the tasks of a type, until what is returned is disposed: then no task begins any more, those that run are waited for as long
   * as stopping may take, and what is not done by then goes back into the queue.
   *
   * @throws PeekError `TASK_ALREADY_HANDLED`; `TASK_HANDLER_INVALID` when the handler of heavy tasks is not the default export of
   *   its module.
   */
  async handle(handler: TaskHandler): Promise<AsyncDisposable> {
    const { task, url } = handler;
    if (this.#registration.has(task.name)) {
      throw new PeekError("TASK_ALREADY_HANDLED", `The task ${task.name} is handled already. Handle it once.`, {
        fields: { task: task.name },
      });
    }
    const queues = queueKinds.map((kind) => queueText(queueOf(task, kind)));
    const registration: HandlerRegistration = {
      handler,
      queues,
      durations: new AttemptStatistics(),
      running: new Set(),
    };
    this.#registration.set(task.name, registration);
    if (task.weight === "heavy") {
      try {
        await importHandler(url, task.name);
      } catch (error) {
        this.#registration.delete(task.name);
        throw error;
      }
    }
    for (const queue of queues) {
      this.#byQueue.set(queue, registration);
      this.#scheduler.add(queue, task);
    }
    this.#loop.poll();
    let released: Promise<void> | undefined;
    return { [Symbol.asyncDispose]: () => (released ??= this.#release(registration)) };
  }

  /** Says that there is something in a queue. */
  wake(queue: string): void {
    this.#scheduler.markReady(queue);
    this.#loop.pump();
  }

  /** Says that a task was taken back. */
  cancelled(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#drop(held, "cancelled", new PeekError("TASK_CANCELLED", "The task was taken back.", { fields: { id } }));
  }

  status(): WorkerStatus {
    const { threads, lightConcurrency } = this.#options;
    const tasks = [...this.#registration.values()].map(({ handler, queues, durations, running }) => ({
      task: handler.task.name,
      weight: handler.task.weight,
      running: running.size,
      taken: queues.reduce((sum, queue) => sum + this.#scheduler.waiting(queue), 0),
      ...durations.summary(),
    }));
    return { threads, lightConcurrency, tasks };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#stopping ??= this.#stop());
  }

  #pump(): void {
    for (let next = this.#scheduler.nextRun(); next !== undefined; next = this.#scheduler.nextRun()) {
      this.#runner.run(next.item);
    }
    this.#loop.pump();
  }

  #fetched(take: FetchRequest, tasks: readonly FetchedTask[]): void {
    const registration = this.#byQueue.get(take.queue);
    // Its handler is gone.
    if (registration === undefined) {
      const [first] = tasks;
      if (first !== undefined) this.#tellHandedBack(first.queue.task, tasks.length);
      return this.#handBack(tasks.map((task) => ({ task, queue: take.queue })));
    }
    const items = tasks.map((task): RunnableTask => ({ task, queue: take.queue, registration }));
    for (const held of items) {
      const before = this.#held.get(held.task.id);
      // Lost while this process stood still, and taken again.
      if (before !== undefined) this.#lost([before]);
      this.#held.set(held.task.id, held);
    }
    if (!this.#scheduler.fetched(take, items)) this.#handBack(items);
    this.#pump();
  }

  #handBack(items: readonly HeldTask[], begun = false): void {
    for (const held of items) {
      const { id, retryCount } = held.task;
      this.#recorder.add(held, { kind: "handedBack", attempt: { id, retryCount }, begun });
    }
  }

  #tellHandedBack(task: string, count: number): void {
    const go = count === 1 ? "has not begun, and goes" : "have not begun, and go";
    this.#options.logger.info("%d of %s %s back into the queue", count, task, go);
  }

  #handBackSurplus(): void {
    const slowest = new Map<string, number>();
    const now = performance.now();
    // Not of what has ended: while it cannot be recorded, time passes too.
    for (const { running } of this.#registration.values()) {
      for (const { queue, begunAt = now } of running) {
        slowest.set(queue, Math.max(slowest.get(queue) ?? 0, now - begunAt));
      }
    }
    this.#handBack(this.#scheduler.surplus(slowest).map(({ item }) => item));
  }

  #settled(queue: string, held: readonly HeldTask[]): void {
    for (const each of held) this.#forget(each);
    // What was behind it with the same key can be taken now.
    if (!isPlain(queue)) this.#scheduler.markReady(queue);
    this.#loop.pump();
  }

  #forget(held: HeldTask): void {
    if (this.#held.get(held.task.id) === held) this.#held.delete(held.task.id);
  }

  /** Those are of one queue. */
  #lost(all: readonly RunnableTask[]): void {
    const lost = all.filter((held) => this.#held.get(held.task.id) === held);
    const [first] = lost;
    if (first === undefined) return;
    this.#options.logger.warning(
      "%s %s is not this worker's any more, and is ended%s: it was taken back, or nothing was heard of it for too long",
      first.task.queue.task,
      first.task.id,
      lost.length > 1 ? ` (so are ${lost.length - 1} more of it)` : "",
    );
    for (const held of lost) {
      const { id } = held.task;
      this.#recorder.forget(held);
      const message = "The task is not this worker's any more.";
      this.#drop(held, "lost", new PeekError("TASK_CANCELLED", message, { fields: { id } }));
    }
  }

  #drop(held: RunnableTask, endReason: "cancelled" | "lost", reason: PeekError): void {
    if (held.run === undefined) {
      // It has not begun; or it has ended, and what became of it is recorded or not.
      if (this.#scheduler.drop(held.queue, held) || endReason === "lost") this.#forget(held);
      return;
    }
    this.#runner.abort(held, endReason, reason);
  }

  async #release(registration: HandlerRegistration): Promise<void> {
    const { stopMs } = this.#options;
    const { name } = registration.handler.task;
    const isRunning = registration.running.size > 0;
    let unbegun = 0;
    for (const queue of registration.queues) {
      const items = this.#scheduler.remove(queue);
      unbegun += items.length;
      this.#handBack(items);
      this.#byQueue.delete(queue);
    }
    if (unbegun > 0) this.#tellHandedBack(name, unbegun);
    const endAt = performance.now() + stopMs;
    const unfinished = await this.#runner.finish(registration, Math.max(stopMs / 2, stopMs - lastMs), lastMs / 3);
    this.#handBack(unfinished, true);
    if (unfinished.length > 0) {
      this.#options.logger.warning(
        "%d of %s have not ended in time, and go back into the queue",
        unfinished.length,
        name,
      );
    }
    this.#registration.delete(name);
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#recorder.flush(registration.queues));
    // Whoever handles it too need not wait for the poll to find it.
    if (isRunning || unbegun > 0) for (const queue of registration.queues) this.#options.signals.wake(queue);
  }

  async #stop(): Promise<void> {
    const endAt = performance.now() + this.#options.stopMs;
    clearInterval(this.#tidying);
    this.#loop.stop();
    await Promise.all([...this.#registration.values()].map((registration) => this.#release(registration)));
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#loop[Symbol.asyncDispose]());
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#recorder.flush());
    this.#recorder.close();
    await Promise.all([this.#heartbeats[Symbol.asyncDispose](), this.#runner[Symbol.asyncDispose]()]);
  }
}

/** Whether no task of the queue waits for another of it. */
function isPlain(queue: string): boolean {
  return parseQueueText(queue)?.kind === "plain";
}
