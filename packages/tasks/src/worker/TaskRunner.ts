import { PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { TaskSignals } from "../caller/TaskSignals.ts";
import type { AttemptResult } from "./attemptResult.ts";
import { AttemptFailureLog } from "./AttemptFailureLog.ts";
import { HeavyRunner } from "./HeavyRunner.ts";
import type { AbortCause, HandlerRegistration, RunnableTask } from "./HeldTask.ts";
import { LightRunner } from "./LightRunner.ts";
import { attemptOutcomeOf } from "./attemptOutcomeOf.ts";
import type { TaskScheduler } from "./TaskScheduler.ts";
import type { OutcomeRecorder } from "./OutcomeRecorder.ts";
import { EventLoopMonitor } from "./EventLoopMonitor.ts";
import type { TaskRun } from "./TaskRun.ts";

/** The options of {@link TaskRunner}. */
export interface TaskRunnerOptions {
  readonly scheduler: TaskScheduler<RunnableTask>;
  readonly recorder: OutcomeRecorder;
  readonly signals: TaskSignals;
  readonly threads: number;
  readonly logger: Logger;
  readonly overdueLogMs: number;
  readonly blockedLogMs: number;
  /** Opens the storage of a plugin. */
  readonly storageOf: (plugin: string) => Promise<TaskStorage>;
  /** Called when a slot is free. */
  readonly onFreed: () => void;
  /** Called when a task has ended without an outcome to record. */
  readonly onGone: (held: RunnableTask) => void;
}

/** How long a thread may take to end an aborted task. */
const graceMs = 1000;

/** Runs tasks that have a slot, and passes their outcomes on. */
export class TaskRunner implements AsyncDisposable {
  readonly #options: TaskRunnerOptions;
  readonly #light: LightRunner;
  readonly #heavy: HeavyRunner;
  readonly #eventLoop: EventLoopMonitor;
  readonly #failures: AttemptFailureLog;

  constructor(options: TaskRunnerOptions) {
    const { threads, logger, overdueLogMs, blockedLogMs } = options;
    this.#options = options;
    this.#light = new LightRunner(logger, overdueLogMs);
    this.#heavy = new HeavyRunner(threads, logger);
    this.#eventLoop = new EventLoopMonitor(logger, blockedLogMs);
    this.#failures = new AttemptFailureLog(logger);
  }

  run(held: RunnableTask): void {
    const { signals, storageOf } = this.#options;
    const { task, registration } = held;
    const { handler, running } = registration;
    const { name, weight } = handler.task;
    const { id, input, origin } = task;
    const onProgress = (value: string): void => {
      if (origin !== undefined) signals.notify(origin, [{ kind: "progress", id, value }]);
    };
    running.add(held);
    held.startedAt = performance.now();
    if (weight === "light") this.#eventLoop.started(name);
    const storage = (): Promise<TaskStorage> => storageOf(handler.task.plugin);
    const job = { handler, id, attempt: task.retryCount + 1, input, onProgress, storage };
    const run = weight === "light" ? this.#light.start(job) : this.#heavy.start(job);
    held.run = run;
    held.released = this.#follow(held, run);
  }

  /** Aborts a try whose outcome is not recorded. */
  abort(held: RunnableTask, abortCause: AbortCause, reason: Error): void {
    held.abortCause = abortCause;
    held.run?.abort(reason, graceMs);
  }

  /**
   * Waits up to `waitMs` for the running tasks of a handler, then aborts them, and waits up to `endMs` for their end.
   *
   * @returns The tasks that have not ended.
   */
  async finish({ running }: HandlerRegistration, waitMs: number, endMs: number): Promise<readonly RunnableTask[]> {
    const left = (): RunnableTask[] => [...running].filter((held) => held.run !== undefined);
    const ends = (): Promise<unknown> => Promise.all(left().flatMap(({ released }) => released ?? []));
    if (left().length > 0) await waitAtMost(waitMs, ends());
    if (left().length === 0) return [];
    for (const held of left()) {
      held.abortCause ??= "stopping";
      held.run?.abort(
        new PeekError("TASK_CANCELLED", "The worker is stopping.", { fields: { id: held.task.id } }),
        endMs / 2,
      );
    }
    await waitAtMost(endMs, ends());
    const unfinished = left();
    for (const held of unfinished) {
      delete held.run;
      if (held.abortCause !== "stopping") this.#options.onGone(held);
    }
    return unfinished.filter(({ abortCause }) => abortCause === "stopping");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#eventLoop[Symbol.dispose]();
    await this.#heavy[Symbol.asyncDispose]();
    this.#failures[Symbol.dispose]();
  }

  async #follow(held: RunnableTask, run: TaskRun): Promise<void> {
    const { queue, registration, startedAt = performance.now() } = held;
    const { name, weight } = registration.handler.task;
    const result = await run.result;
    registration.statistics.add(performance.now() - startedAt, result.kind === "done");
    if (held.run === run) this.#ended(held, result);
    await run.released;
    if (weight === "light") this.#eventLoop.ended(name);
    registration.running.delete(held);
    this.#options.scheduler.ended(queue, weight, performance.now() - startedAt);
    this.#options.onFreed();
  }

  #ended(held: RunnableTask, result: AttemptResult): void {
    const { recorder, onGone } = this.#options;
    const { task, abortCause } = held;
    delete held.run;
    if (abortCause === "cancelled" || abortCause === "lost") return onGone(held);
    if (abortCause === "stopping" && result.kind === "failed") {
      const { id, retryCount } = task;
      return recorder.add(held, { kind: "handedBack", attempt: { id, retryCount }, begun: true });
    }
    const outcome = attemptOutcomeOf(task, result);
    if (result.kind === "failed" && (outcome.kind === "retry" || outcome.kind === "failed")) {
      this.#failures.failed(held, result, outcome);
    }
    recorder.add(held, outcome);
  }
}
