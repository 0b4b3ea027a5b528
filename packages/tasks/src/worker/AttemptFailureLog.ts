import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import type { AttemptOutcome } from "../queue/TaskQueue.ts";
import type { AttemptFailure } from "./attemptResult.ts";
import type { HeldTask } from "./HeldTask.ts";

/** The limit of lines for dead characters, and for retries: many retries must not suppress the lines of dead characters. */
const limit = { intervalMs: 1000, maxLines: 20 } as const;
/** How long the number of suppressed lines is held back at most. */
const summaryMs = 5000;

type Kind = "retry" | "failed";

/** The outcome of a failed attempt. */
export type FailedOutcome =
  | Pick<Extract<AttemptOutcome, { kind: "retry" }>, "kind" | "delayMs">
  | { readonly kind: "failed" };

/** Suppressed lines about one task and code. */
interface Suppressed {
  readonly kind: Kind;
  readonly task: string;
  readonly code: string;
  count: number;
}

/** Logs failed tries with their stacks. Above a limit, it logs only how many more there were. */
export class AttemptFailureLog implements Disposable {
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle(limit);
  readonly #suppressed = new Map<string, Suppressed>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed({ task }: HeldTask, { error, stack, fields }: AttemptFailure, outcome: FailedOutcome): void {
    const { kind } = outcome;
    const name = task.queue.task;
    if (this.#throttle.count(kind) === undefined) return this.#suppress(kind, name, error.code);
    const consequence = kind === "retry" ? `will be retried in ${outcome.delayMs} ms` : "is kept as a dead letter";
    const text = "%s %s failed, try %d of %d, and %s: %s: %s";
    const values = [name, task.id, task.failures + 1, task.retry.tries, consequence, error.code, error.message];
    const facts = { ...(stack !== undefined && { err: errorWith(error.message, stack) }), ...(fields && { fields }) };
    if (Object.keys(facts).length === 0) this.#logger.warning(text, ...values);
    else this.#logger.warning(facts, text, ...values);
  }

  /** Logs the number of suppressed lines. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#summarize();
  }

  #suppress(kind: Kind, task: string, code: string): void {
    const key = `${kind} ${task} ${code}`;
    const suppressed = this.#suppressed.get(key) ?? { kind, task, code, count: 0 };
    suppressed.count += 1;
    this.#suppressed.set(key, suppressed);
    this.#timer ??= setTimeout(() => this.#summarize(), summaryMs).unref();
  }

  #summarize(): void {
    this.#timer = undefined;
    for (const { kind, task, code, count } of this.#suppressed.values()) {
      if (kind === "retry") {
        this.#logger.warning("… and %d more %s of %s failed with %s", count, count === 1 ? "try" : "tries", task, code);
      } else {
        const are = count === 1 ? "is kept as a dead letter" : "are kept as dead characters";
        this.#logger.warning("… and %d more of %s %s: %s", count, task, are, code);
      }
    }
    this.#suppressed.clear();
  }
}

function errorWith(message: string, stack: string): Error {
  const err = new Error(message);
  err.stack = stack;
  return err;
}
