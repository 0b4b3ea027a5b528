import { format } from "node:util";
import type { LogFunction, Logger, LogMethod } from "@peek/plugin-base";

/** A log that a test can read. */
export class TestLog implements Logger {
  /** `level: message`. */
  readonly lines: string[] = [];
  /** The facts of the lines that have some. */
  readonly facts: object[] = [];
  readonly debug = this.#writer("debug");
  readonly info = this.#writer("info");
  readonly warning = this.#writer("warning");
  readonly error = this.#writer("error");
  readonly critical = this.#writer("critical");

  /** The errors that were logged as `err`. */
  get errors(): readonly unknown[] {
    return this.facts.flatMap((facts) => ("err" in facts ? [facts.err] : []));
  }

  /** The lines above level debug. */
  get withoutDebug(): readonly string[] {
    return this.lines.filter((line) => !line.startsWith("debug"));
  }

  isLevelEnabled(): boolean {
    return true;
  }

  #writer(level: LogMethod): LogFunction {
    return (first: unknown, ...values: readonly unknown[]) => {
      const isFacts = typeof first === "object" && first !== null;
      if (isFacts) this.facts.push(first);
      this.lines.push(`${level}: ${format(...(isFacts ? values : [first, ...values]))}`);
    };
  }
}
