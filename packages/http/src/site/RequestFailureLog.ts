import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";

/** The limit of lines. */
const limit = { intervalMs: 10_000, maxLines: 10 } as const;

/** Logs failed and refused requests, up to a limit. */
export class RequestFailureLog {
  readonly #logger: Logger;
  readonly #level: "warning" | "error";
  readonly #throttle = new LogThrottle(limit);

  /** @param level Default: `warning`. */
  constructor(logger: Logger, level: "warning" | "error" = "warning") {
    this.#logger = logger;
    this.#level = level;
  }

  /** @param facts For machines, such as the error as `err`. */
  log(facts: Readonly<Record<string, unknown>>, message: string, ...values: readonly unknown[]): void {
    const suppressed = this.#throttle.count("");
    if (suppressed !== undefined) this.#logger[this.#level](facts, `${message}%s`, ...values, suppressed);
  }
}
