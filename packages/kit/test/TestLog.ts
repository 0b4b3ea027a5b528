import { format } from "node:util";
import type { LogFunction, Logger, LogMethod } from "@peek/plugin-base";

/** A log that a test can read. */
export class TestLog implements Logger {
  /** `level: message`. */
  readonly lines: string[] = [];
  /** The errors that were logged as `err`. */
  readonly errors: unknown[] = [];
  readonly debug = this.#writer("debug");
  readonly info = this.#writer("info");
  readonly warning = this.#writer("warning");
  readonly error = this.#writer("error");
  readonly critical = this.#writer("critical");

  isLevelEnabled(): boolean {
    return true;
  }

  #writer(level: LogMethod): LogFunction {
    return (first: unknown, ...values: readonly unknown[]) => {
      const isFacts = typeof first === "object" && first !== null;
      if (isFacts && "err" in first) this.errors.push(first.err);
      this.lines.push(`${level}: ${format(...(isFacts ? values : [first, ...values]))}`);
    };
  }
}
