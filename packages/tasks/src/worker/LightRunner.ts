import { PeekError } from "@peek/errors";
import { waitAtMost } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { PluginStorage } from "@peek/plugin-base/storage";
import { attemptFailure, type AttemptResult } from "./attemptResult.ts";
import { OverdueLog } from "./OverdueLog.ts";
import { runHandler } from "./runHandler.ts";
import { ProgressThrottle } from "./ProgressThrottle.ts";
import type { TaskJob, TaskRun } from "./TaskRun.ts";

/** Runs light tasks on the event loop. */
export class LightRunner {
  readonly #overdue: OverdueLog;
  readonly #graceMs: number;

  /** @param graceMs How long a task may take to end after its deadline before that is logged. */
  constructor(logger: Logger, graceMs: number) {
    this.#graceMs = graceMs;
    this.#overdue = new OverdueLog(logger);
  }

  start(job: TaskJob): TaskRun {
    const { name, deadlineMs } = job.handler.task;
    const { id } = job;
    const controller = new AbortController();
    const { promise: result, resolve } = Promise.withResolvers<AttemptResult>();
    const timer = setTimeout(() => {
      const message = `${name} took longer than its deadlineMs of ${deadlineMs}`;
      resolve(attemptFailure("TASK_TIMED_OUT", message));
      controller.abort(new PeekError("TASK_TIMED_OUT", message, { fields: { task: name, id } }));
      void this.#watch(name, id, released);
    }, deadlineMs);
    const released = this.#run(job, { signal: controller.signal, timer, resolve });
    return { result, released, abort: (reason) => controller.abort(reason) };
  }

  /** Never rejects. */
  async #watch(name: string, id: string, released: Promise<void>): Promise<void> {
    let isOver = false;
    const ended = released.finally(() => (isOver = true));
    await waitAtMost(this.#graceMs, ended);
    if (isOver) return;
    this.#overdue.started(name, id);
    await ended;
    this.#overdue.ended(name);
  }

  async #run(
    { handler, id, attempt, input, onProgress, storage }: TaskJob,
    {
      signal,
      timer,
      resolve,
    }: Pick<AbortController, "signal"> & { timer: NodeJS.Timeout; resolve: (result: AttemptResult) => void },
  ): Promise<void> {
    const isLate = (): boolean => PeekError.is(signal.reason) && signal.reason.code === "TASK_TIMED_OUT";
    const report = (value: string): void => {
      if (!isLate()) onProgress(value);
    };
    const progress = new ProgressThrottle(report);
    const outcome = await runHandler(handler, input, {
      ...{ id, attempt, signal },
      progress: (value) => progress.report(value),
      // The plugin declares its tables.
      storage: async <Tables extends object>() => (await storage()).own as unknown as PluginStorage<Tables>,
    });
    clearTimeout(timer);
    const last = progress.takeLast();
    if (last !== undefined) report(last);
    // After the deadline, this has no effect.
    resolve(outcome);
  }
}
