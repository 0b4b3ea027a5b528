import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { TaskSignals } from "../caller/TaskNews.ts";
import type { Result } from "./failure.ts";
import { FailureLog } from "./FailureLog.ts";
import { HeavyRunner } from "./HeavyRunner.ts";
import type { Fate, Handled, HeldTask } from "./HeldTask.ts";
import { LightRunner } from "./LightRunner.ts";
import { outcomeOf } from "./outcomeOf.ts";
import type { Scheduler } from "./Scheduler.ts";
import type { Settler } from "./Settler.ts";
import { StallWatch } from "./StallWatch.ts";
import type { TaskRun } from "./TaskRun.ts";
import { within } from "./within.ts";

/** What a {@link TaskRunner} works with. */
export interface TaskRunnerOptions {
  readonly scheduler: Scheduler<HeldTask>;
  readonly settler: Settler;
  readonly signals: TaskSignals;
  readonly threads: number;
  readonly logger: Logger;
  /** Where a plugin has its storage. */
  readonly storageOf: (plugin: string) => Promise<TaskStorage>;
  /** A slot is free. */
  readonly onFreed: () => void;
  /** Nothing of this is to be recorded. */
  readonly onGone: (held: HeldTask) => void;
}

/** How long a thread whose task is not wanted any more has to end it by itself; milliseconds. */
const graceMs = 1000;

/** Runs tasks that have a slot, and says what became of them. */
export class TaskRunner implements AsyncDisposable {
  readonly #options: TaskRunnerOptions;
  readonly #light: LightRunner;
  readonly #heavy: HeavyRunner;
  readonly #stalls: StallWatch;
  readonly #failures: FailureLog;

  constructor(options: TaskRunnerOptions) {
    const { threads, logger } = options;
    this.#options = options;
    this.#light = new LightRunner(logger);
    this.#heavy = new HeavyRunner(threads, logger);
    this.#stalls = new StallWatch(logger);
    this.#failures = new FailureLog(logger);
  }

  run(held: HeldTask): void {
    const { signals, storageOf } = this.#options;
    const { task, handled } = held;
    const { handler, running } = handled;
    const { name, weight } = handler.task;
    const { id, input, origin } = task;
    const onProgress = (value: string): void => {
      if (origin !== undefined) signals.tell(origin, [{ kind: "progress", id, value }]);
    };
    running.add(held);
    held.begunAt = performance.now();
    if (weight === "light") this.#stalls.begun(name);
    const storage = (): Promise<TaskStorage> => storageOf(handler.task.plugin);
    const job = { handler, id, attempt: task.retryCount + 1, input, onProgress, storage };
    const run = weight === "light" ? this.#light.start(job) : this.#heavy.start(job);
    held.run = run;
    held.released = this.#follow(held, run);
  }

  /** Ends a try of which nothing is to be recorded. */
  abort(held: HeldTask, fate: Fate, reason: Error): void {
    held.fate = fate;
    held.run?.abort(reason, graceMs);
  }

  /**
   * Waits for what runs of a handler, and then ends it.
   *
   * @returns What has not come to an end by itself.
   */
  async finish({ running }: Handled, waitMs: number, endMs: number): Promise<readonly HeldTask[]> {
    const left = (): HeldTask[] => [...running].filter((held) => held.run !== undefined);
    const ends = (): Promise<unknown> => Promise.all(left().flatMap(({ released }) => released ?? []));
    if (left().length > 0) await within(waitMs, ends());
    if (left().length === 0) return [];
    for (const held of left()) {
      held.fate ??= "stopping";
      held.run?.abort(
        new PeekError("TASK_CANCELLED", "The worker stops.", { fields: { id: held.task.id } }),
        endMs / 2,
      );
    }
    await within(endMs, ends());
    const unfinished = left();
    for (const held of unfinished) {
      delete held.run;
      if (held.fate !== "stopping") this.#options.onGone(held);
    }
    return unfinished.filter(({ fate }) => fate === "stopping");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stalls[Symbol.dispose]();
    await this.#heavy[Symbol.asyncDispose]();
    this.#failures[Symbol.dispose]();
  }

  async #follow(held: HeldTask, run: TaskRun): Promise<void> {
    const { queue, handled, begunAt = performance.now() } = held;
    const { name, weight } = handled.handler.task;
    const result = await run.result;
    handled.durations.add(performance.now() - begunAt, result.kind === "done");
    if (held.run === run) this.#ended(held, result);
    await run.released;
    if (weight === "light") this.#stalls.ended(name);
    handled.running.delete(held);
    this.#options.scheduler.ended(queue, weight, performance.now() - begunAt);
    this.#options.onFreed();
  }

  #ended(held: HeldTask, result: Result): void {
    const { settler, onGone } = this.#options;
    const { task, fate } = held;
    delete held.run;
    if (fate === "cancelled" || fate === "lost") return onGone(held);
    if (fate === "stopping" && result.kind === "failed") {
      const { id, retryCount } = task;
      return settler.add(held, { kind: "handedBack", attempt: { id, retryCount }, begun: true });
    }
    const outcome = outcomeOf(task, result);
    if (result.kind === "failed" && (outcome.kind === "retry" || outcome.kind === "failed")) {
      this.#failures.failed(held, result, outcome);
    }
    settler.add(held, outcome);
  }
}
