import { pino } from "pino";
import { formatText } from "./formatText.ts";
import type { LogFormat, LogLine, LogSink } from "./LogSink.ts";

/** How the console gets its lines. */
export interface ConsoleSinkOptions {
  readonly format: LogFormat;
  /** Whether text begins with date and time. */
  readonly timestamps: boolean;
}

/** Writes to standard output, each line before the call returns, so that a process that dies has said why. */
export class ConsoleSink implements LogSink {
  readonly #options: ConsoleSinkOptions;
  readonly #stdout = pino.destination({ fd: 1, sync: true });

  constructor(options: ConsoleSinkOptions) {
    this.#options = options;
    // Nobody reads any more (the other end of a pipe is gone). There is nobody to tell, and the service goes on.
    this.#stdout.on("error", () => undefined);
  }

  write(line: LogLine): void {
    this.#stdout.write(this.#options.format === "json" ? line.json : formatText(line.record, this.#options.timestamps));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Every line is out already; the descriptor is the process's.
  }
}
