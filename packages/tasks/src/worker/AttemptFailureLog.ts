import type { Logger } from "@peek/plugin-base";
import type { AttemptOutcome } from "../queue/TaskQueue.ts";
import type { AttemptFailure } from "./attemptResult.ts";
import type { HeldTask } from "./HeldTask.ts";

/** Over how long lines are counted; milliseconds. */
const windowMs = 1000;
/** So many lines in that time of dead letters, and as many of tries: these must not take the place of those. */
const maxLines = 20;
/** How many were left out is told no later than this; milliseconds. */
const untoldMs = 5000;

type Kind = "retry" | "failed";

/** What becomes of a task after a try that failed. */
export type FailedOutcome =
  | Pick<Extract<AttemptOutcome, { kind: "retry" }>, "kind" | "delayMs">
  | { readonly kind: "failed" };

/** Those that had no line of their own, of one task with one code. */
interface Untold {
  readonly kind: Kind;
  readonly task: string;
  readonly code: string;
  count: number;
}

/** Tells of tries that failed, with the stack: a line for each; where there are too many, soon how many more there were. */
export class AttemptFailureLog implements Disposable {
  readonly #logger: Logger;
  readonly #lines: Record<Kind, number> = { retry: 0, failed: 0 };
  #since = -Infinity;
  readonly #untold = new Map<string, Untold>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed({ task }: HeldTask, { error, stack, fields }: AttemptFailure, outcome: FailedOutcome): void {
    const { kind } = outcome;
    const name = task.queue.task;
    if (!this.#hasLine(kind)) return this.#leaveOut(kind, name, error.code);
    const next = kind === "retry" ? `is tried again in ${outcome.delayMs} ms` : "is kept as a dead letter";
    const text = "%s %s has failed, try %d of %d, and %s: %s: %s";
    const values = [name, task.id, task.failures + 1, task.retry.tries, next, error.code, error.message];
    const facts = { ...(stack !== undefined && { err: errorWith(error.message, stack) }), ...(fields && { fields }) };
    if (Object.keys(facts).length === 0) this.#logger.warning(text, ...values);
    else this.#logger.warning(facts, text, ...values);
  }

  /** Tells how many were left out. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#tellUntold();
  }

  #hasLine(kind: Kind): boolean {
    const now = performance.now();
    if (now - this.#since >= windowMs) {
      this.#since = now;
      this.#lines.retry = 0;
      this.#lines.failed = 0;
    }
    this.#lines[kind] += 1;
    return this.#lines[kind] <= maxLines;
  }

  #leaveOut(kind: Kind, task: string, code: string): void {
    const key = `${kind} ${task} ${code}`;
    const untold = this.#untold.get(key) ?? { kind, task, code, count: 0 };
    untold.count += 1;
    this.#untold.set(key, untold);
    this.#timer ??= setTimeout(() => this.#tellUntold(), untoldMs).unref();
  }

  #tellUntold(): void {
    this.#timer = undefined;
    for (const { kind, task, code, count } of this.#untold.values()) {
      if (kind === "retry") {
        this.#logger.warning("… and %d more %s of %s failed with %s", count, count === 1 ? "try" : "tries", task, code);
      } else {
        const are = count === 1 ? "is kept as a dead letter" : "are kept as dead letters";
        this.#logger.warning("… and %d more of %s %s: %s", count, task, are, code);
      }
    }
    this.#untold.clear();
  }
}

function errorWith(message: string, stack: string): Error {
  const err = new Error(message);
  err.stack = stack;
  return err;
}
