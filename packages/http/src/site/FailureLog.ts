import type { Logger } from "@peek/plugin-base";

/** Over how long lines are counted; milliseconds. */
const windowMs = 10_000;
/** So many lines in that time. */
const maxLines = 10;

/** Logs requests that failed or were refused: so many lines in a time, and then how many more there were. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #level: "warning" | "error";
  #since = -Infinity;
  #lines = 0;
  #untold = 0;

  /** @param level Default: `warning`. */
  constructor(logger: Logger, level: "warning" | "error" = "warning") {
    this.#logger = logger;
    this.#level = level;
  }

  /** @param facts Such as the error, as `err`. */
  tell(facts: Readonly<Record<string, unknown>>, message: string, ...values: readonly unknown[]): void {
    const now = performance.now();
    if (now - this.#since >= windowMs) {
      if (this.#untold > 0) this.#logger[this.#level]("%d more requests failed or were refused", this.#untold);
      this.#since = now;
      this.#lines = 0;
      this.#untold = 0;
    }
    this.#lines += 1;
    if (this.#lines <= maxLines) this.#logger[this.#level](facts, message, ...values);
    else this.#untold += 1;
  }
}
