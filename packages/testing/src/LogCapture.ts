import type { LogLine, LogRecord, LogSink } from "@peek/logging";

/** The options of {@link LogCapture.waitFor}. */
export interface WaitOptions {
  /** How long to wait. Default: 10,000. */
  readonly timeoutMs?: number;
}

/** Captures the log of a service for a test. */
export class LogCapture implements LogSink {
  readonly #records: LogRecord[] = [];
  readonly #listeners = new Set<(record: LogRecord) => void>();

  /** All lines so far. */
  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** All lines so far as text: `LEVEL name:message`. */
  get lines(): readonly string[] {
    return this.#records.map(textOf);
  }

  write(line: LogLine): void {
    const { record } = line;
    this.#records.push(record);
    for (const listener of this.#listeners) listener(record);
  }

  /**
   * Waits for a line; a line that was logged before counts too.
   *
   * @param pattern A part of its text, `LEVEL name:message`.
   * @throws Error with all captured lines, when the line was not logged in time.
   */
  async waitFor(pattern: string | RegExp, options: WaitOptions = {}): Promise<LogRecord> {
    const { timeoutMs = 10_000 } = options;
    const matches = (record: LogRecord): boolean => {
      const text = textOf(record);
      return typeof pattern === "string" ? text.includes(pattern) : pattern.test(text);
    };
    const present = this.#records.find(matches);
    if (present !== undefined) return present;
    const { promise, resolve, reject } = Promise.withResolvers<LogRecord>();
    const listener = (record: LogRecord): void => {
      if (matches(record)) resolve(record);
    };
    const timer = setTimeout(
      () =>
        reject(
          new Error(
            `No line with ${String(pattern)} was logged within ${timeoutMs} ms. The log:\n${this.lines.join("\n")}`,
          ),
        ),
      timeoutMs,
    );
    this.#listeners.add(listener);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The lines are kept, so that a test can read them after the service has stopped.
  }
}

function textOf(record: LogRecord): string {
  return `${record.level} ${record.name}:${record.msg}`;
}
