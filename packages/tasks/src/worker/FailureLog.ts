import type { Logger } from "@peek/plugin-base";
import type { Failure } from "./failure.ts";
import type { Holding } from "./HeldTask.ts";

/** Of one task with one code, failures are told no more often; milliseconds. */
const quietMs = 1000;

/** Tells of tasks that failed, with the stack: one line each, unless many of a task fail. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #told = new Map<string, { at: number; untold: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param next What is done now: `it is tried again in 1000 ms`. */
  failed({ task }: Holding, { error, stack }: Failure, next: string): void {
    const name = task.queue.task;
    const now = performance.now();
    const before = this.#told.get(`${name} ${error.code}`);
    if (before !== undefined && now - before.at < quietMs) {
      before.untold += 1;
      return;
    }
    const more = before === undefined || before.untold === 0 ? "" : ` (and ${before.untold} more of it)`;
    this.#told.set(`${name} ${error.code}`, { at: now, untold: 0 });
    const text = "%s %s has failed, try %d of %d, and %s: %s: %s%s";
    const values = [name, task.id, task.failures + 1, task.retry.tries, next, error.code, error.message, more];
    if (stack === undefined) return this.#logger.warning(text, ...values);
    const err = new Error(error.message);
    err.stack = stack;
    this.#logger.warning({ err }, text, ...values);
  }
}
