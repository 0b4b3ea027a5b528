import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { failure, type Result } from "./failure.ts";
import { perform } from "./perform.ts";
import { Progress } from "./Progress.ts";
import type { TaskJob, TaskRun } from "./TaskRun.ts";

/** Runs light tasks, on the event loop. */
export class LightRunner {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  start(job: TaskJob): TaskRun {
    const { name, deadlineMs } = job.handler.task;
    const { id } = job;
    const controller = new AbortController();
    const { promise: result, resolve } = Promise.withResolvers<Result>();
    const timer = setTimeout(() => {
      const message = `${name} took longer than its deadlineMs of ${deadlineMs}`;
      resolve(failure("TASK_TIMED_OUT", message));
      this.#logger.warning("%s %s has not ended by its deadline; its place is kept until it does", name, id);
      controller.abort(new PeekError("TASK_TIMED_OUT", message, { fields: { task: name, id } }));
    }, deadlineMs);
    const released = this.#run(job, { signal: controller.signal, timer, resolve });
    return { result, released, abort: (reason) => controller.abort(reason) };
  }

  async #run(
    { handler, id, attempt, input, onProgress }: TaskJob,
    {
      signal,
      timer,
      resolve,
    }: Pick<AbortController, "signal"> & { timer: NodeJS.Timeout; resolve: (result: Result) => void },
  ): Promise<void> {
    const { name } = handler.task;
    const begunAt = performance.now();
    const isLate = (): boolean => PeekError.is(signal.reason) && signal.reason.code === "TASK_TIMED_OUT";
    const tell = (value: string): void => {
      if (!isLate()) onProgress(value);
    };
    const progress = new Progress(tell);
    const outcome = await perform(handler, input, { id, attempt, signal, progress: (value) => progress.report(value) });
    clearTimeout(timer);
    const last = progress.takeLast();
    if (last !== undefined) tell(last);
    if (isLate()) {
      this.#logger.info("%s %s has ended after %d ms, too late", name, id, Math.round(performance.now() - begunAt));
    }
    // Where its deadline was first, this changes nothing.
    resolve(outcome);
  }
}
