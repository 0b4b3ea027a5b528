import { PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import type { Logger, TaskHandler } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { TaskSignals } from "../caller/TaskSignals.ts";
import { parseQueueText, queueKinds, queueOf, queueText } from "../queue/QueueName.ts";
import type { FetchedTask, WorkerQueue } from "../queue/TaskQueue.ts";
import { AttemptStatistics } from "./AttemptStatistics.ts";
import type { HandlerRegistration, RunnableTask, HeldTask } from "./HeldTask.ts";
import { importHandler } from "./importHandler.ts";
import { TaskScheduler, type FetchRequest } from "./TaskScheduler.ts";
import { OutcomeRecorder } from "./OutcomeRecorder.ts";
import { FetchLoop } from "./FetchLoop.ts";
import { TaskRunner } from "./TaskRunner.ts";
import { HeartbeatSender } from "./HeartbeatSender.ts";
import type { WorkerStatus } from "./WorkerStatus.ts";

/** The options of {@link TaskWorker}. */
export interface TaskWorkerOptions {
  /** The caller keeps ownership. */
  readonly queue: WorkerQueue;
  readonly signals: TaskSignals;
  /** How many heavy tasks run at a time, each in a thread. */
  readonly threads: number;
  /** How many light tasks run at a time. */
  readonly lightConcurrency: number;
  /** How often the queues are polled for due tasks whose signals were lost. Default: 2,000. */
  readonly pollMs?: number;
  /** The interval of heartbeats for held tasks. Default: 5,000. */
  readonly heartbeatMs?: number;
  /** How long a light task may run after its deadline before that is logged. Default: 1,000. */
  readonly overdueLogMs?: number;
  /** How long light tasks may block the event loop before that is logged. Default: 1,000. */
  readonly blockedLogMs?: number;
  /** How long stopping may request. */
  readonly stopMs: number;
  readonly logger: Logger;
  /** Opens the storage of a plugin. @throws PeekError when the plugin has none. */
  readonly storageOf: (plugin: string) => Promise<TaskStorage>;
}

/** The part of the time for stopping in which aborted tasks have to end and their outcomes are recorded. */
const abortMs = 1500;

/** While this many outcomes are not recorded, no more tasks are fetched. */
const maxUnrecorded = 2000;

/**
 * Fetches tasks from their queues, runs their handlers and records the outcomes. A faulty handler does not affect the others. While the
 * database is away, it keeps the outcomes and waits.
 */
export class TaskWorker implements AsyncDisposable {
  readonly #options: TaskWorkerOptions;
  readonly #registrations = new Map<string, HandlerRegistration>();
  /** By the text of the queue. */
  readonly #byQueue = new Map<string, HandlerRegistration>();
  /** By id. */
  readonly #held = new Map<string, RunnableTask>();
  readonly #scheduler: TaskScheduler<RunnableTask>;
  readonly #recorder: OutcomeRecorder;
  readonly #heartbeats: HeartbeatSender;
  readonly #loop: FetchLoop;
  readonly #runner: TaskRunner;
  readonly #surplusTimer: NodeJS.Timeout;
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
      overdueLogMs: options.overdueLogMs ?? 1000,
      blockedLogMs: options.blockedLogMs ?? 1000,
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
    const onFetched = (request: FetchRequest, tasks: readonly FetchedTask[]): void => this.#fetched(request, tasks);
    this.#loop = new FetchLoop({
      queue,
      scheduler: this.#scheduler,
      pollMs,
      logger,
      isFull: () => this.#recorder.size >= maxUnrecorded,
      onFetched,
    });
    this.#surplusTimer = setInterval(() => this.#handBackSurplus(), pollMs);
  }

  /**
   * Handles the tasks of a type until the result is disposed. Disposal starts no more tasks, waits for the running ones as long as
   * stopping may request, and returns unfinished ones to the queue.
   *
   * @throws PeekError `TASK_ALREADY_HANDLED`; `TASK_HANDLER_INVALID` when the handler of a heavy task is not the default export of
   *   its module.
   */
  async handle(handler: TaskHandler): Promise<AsyncDisposable> {
    const { task, url } = handler;
    if (this.#registrations.has(task.name)) {
      throw new PeekError(
        "TASK_ALREADY_HANDLED",
        `The task ${task.name} already has a handler. Call handle() once for each task.`,
        {
          fields: { task: task.name },
        },
      );
    }
    const queues = queueKinds.map((kind) => queueText(queueOf(task, kind)));
    const registration: HandlerRegistration = {
      handler,
      queues,
      statistics: new AttemptStatistics(),
      running: new Set(),
    };
    this.#registrations.set(task.name, registration);
    if (task.weight === "heavy") {
      try {
        await importHandler(url, task.name);
      } catch (error) {
        this.#registrations.delete(task.name);
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

  /** Fetches from a queue that has new tasks. */
  wake(queue: string): void {
    this.#scheduler.markReady(queue);
    this.#loop.pump();
  }

  /** Aborts a task that was cancelled. */
  cancelled(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#drop(held, "cancelled", new PeekError("TASK_CANCELLED", "The task was cancelled.", { fields: { id } }));
  }

  status(): WorkerStatus {
    const { threads, lightConcurrency } = this.#options;
    const tasks = [...this.#registrations.values()].map(({ handler, queues, statistics, running }) => ({
      task: handler.task.name,
      weight: handler.task.weight,
      running: running.size,
      taken: queues.reduce((sum, queue) => sum + this.#scheduler.waiting(queue), 0),
      ...statistics.summary(),
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

  #fetched(request: FetchRequest, tasks: readonly FetchedTask[]): void {
    const registration = this.#byQueue.get(request.queue);
    // Its handler was removed.
    if (registration === undefined) {
      const [first] = tasks;
      if (first !== undefined) this.#logHandedBack(first.queue.task, tasks.length);
      return this.#handBack(tasks.map((task) => ({ task, queue: request.queue })));
    }
    const items = tasks.map((task): RunnableTask => ({ task, queue: request.queue, registration }));
    for (const held of items) {
      const before = this.#held.get(held.task.id);
      // The lease was lost while this process was suspended, and this worker fetched the task again.
      if (before !== undefined) this.#lost([before]);
      this.#held.set(held.task.id, held);
    }
    if (!this.#scheduler.fetched(request, items)) this.#handBack(items);
    this.#pump();
  }

  #handBack(items: readonly HeldTask[], begun = false): void {
    for (const held of items) {
      const { id, retryCount } = held.task;
      this.#recorder.add(held, { kind: "handedBack", attempt: { id, retryCount }, begun });
    }
  }

  #logHandedBack(task: string, count: number): void {
    const tasks = count === 1 ? "task" : "tasks";
    this.#options.logger.info("%d %s of %s returned to the queue without a start", count, tasks, task);
  }

  #handBackSurplus(): void {
    const longestMs = new Map<string, number>();
    const now = performance.now();
    // Only running tasks: an ended one may wait long for its recording.
    for (const { running } of this.#registrations.values()) {
      for (const { queue, startedAt = now } of running) {
        longestMs.set(queue, Math.max(longestMs.get(queue) ?? 0, now - startedAt));
      }
    }
    this.#handBack(this.#scheduler.surplus(longestMs).map(({ item }) => item));
  }

  #settled(queue: string, held: readonly HeldTask[]): void {
    for (const each of held) this.#forget(each);
    // The next task with the same key may be due now.
    if (!isPlain(queue)) this.#scheduler.markReady(queue);
    this.#loop.pump();
  }

  #forget(held: HeldTask): void {
    if (this.#held.get(held.task.id) === held) this.#held.delete(held.task.id);
  }

  /** Takes tasks of one queue. */
  #lost(all: readonly RunnableTask[]): void {
    const lost = all.filter((held) => this.#held.get(held.task.id) === held);
    const [first] = lost;
    if (first === undefined) return;
    this.#options.logger.warning(
      "This worker has lost its lease of %s %s%s and aborts it: the task was cancelled, or its heartbeats came too late",
      first.task.queue.task,
      first.task.id,
      lost.length > 1 ? ` (and ${lost.length - 1} more of this task)` : "",
    );
    for (const held of lost) {
      const { id } = held.task;
      this.#recorder.forget(held);
      const message = "This worker has lost its lease of the task.";
      this.#drop(held, "lost", new PeekError("TASK_CANCELLED", message, { fields: { id } }));
    }
  }

  #drop(held: RunnableTask, abortCause: "cancelled" | "lost", reason: PeekError): void {
    if (held.run === undefined) {
      // The task has not started, or has ended and is being recorded.
      if (this.#scheduler.drop(held.queue, held) || abortCause === "lost") this.#forget(held);
      return;
    }
    this.#runner.abort(held, abortCause, reason);
  }

  async #release(registration: HandlerRegistration): Promise<void> {
    const { stopMs } = this.#options;
    const { name } = registration.handler.task;
    const isRunning = registration.running.size > 0;
    let unstarted = 0;
    for (const queue of registration.queues) {
      const items = this.#scheduler.remove(queue);
      unstarted += items.length;
      this.#handBack(items);
      this.#byQueue.delete(queue);
    }
    if (unstarted > 0) this.#logHandedBack(name, unstarted);
    const endAt = performance.now() + stopMs;
    const unfinished = await this.#runner.finish(registration, Math.max(stopMs / 2, stopMs - abortMs), abortMs / 3);
    this.#handBack(unfinished, true);
    if (unfinished.length > 0) {
      this.#options.logger.warning(
        "%d tasks of %s did not end in time and returned to the queue",
        unfinished.length,
        name,
      );
    }
    this.#registrations.delete(name);
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#recorder.flush(registration.queues));
    // Other workers need not wait for their next poll.
    if (isRunning || unstarted > 0) for (const queue of registration.queues) this.#options.signals.wake(queue);
  }

  async #stop(): Promise<void> {
    const endAt = performance.now() + this.#options.stopMs;
    clearInterval(this.#surplusTimer);
    this.#loop.stop();
    await Promise.all([...this.#registrations.values()].map((registration) => this.#release(registration)));
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#loop[Symbol.asyncDispose]());
    await waitAtMost(Math.max(100, endAt - performance.now()), this.#recorder.flush());
    this.#recorder.close();
    await Promise.all([this.#heartbeats[Symbol.asyncDispose](), this.#runner[Symbol.asyncDispose]()]);
  }
}

/** Whether the tasks of the queue are independent of each other. */
function isPlain(queue: string): boolean {
  return parseQueueText(queue)?.kind === "plain";
}
