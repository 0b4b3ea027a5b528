import { format } from "node:util";
import type { LogFunction, Logger, LogMethod } from "@peek/plugin-base";
import { until } from "./until.ts";

/** A log that a test can read. */
export class TestLog implements Logger {
  /** `level: message`. */
  readonly lines: string[] = [];
  readonly debug = this.#writer("debug");
  readonly info = this.#writer("info");
  readonly warning = this.#writer("warning");
  readonly error = this.#writer("error");
  readonly critical = this.#writer("critical");

  isLevelEnabled(): boolean {
    return true;
  }

  /** The lines of some levels. */
  of(...levels: readonly LogMethod[]): readonly string[] {
    return this.lines.filter((line) => levels.some((level) => line.startsWith(`${level}: `)));
  }

  /** Waits for a line. */
  async waitFor(part: string): Promise<void> {
    await until(`a line with ${part} among\n${this.lines.join("\n")}`, () =>
      this.lines.some((line) => line.includes(part)),
    );
  }

  #writer(level: LogMethod): LogFunction {
    return (first: unknown, ...values: readonly unknown[]) => {
      const parts = typeof first === "object" ? values : [first, ...values];
      this.lines.push(`${level}: ${format(...parts)}`);
    };
  }
}
