import type { LogRecord } from "./LogRecord.ts";

/** How a sink writes a line. */
export type LogFormat = "text" | "json";

/** Somewhere that lines go. */
export interface LogSink extends AsyncDisposable {
  /** Takes one line. Must not throw. */
  write(line: LogLine): void;
}

/** One line on its way to the sinks. */
export interface LogLine {
  /** The line as JSON, with its line end. */
  readonly json: string;
  /** The line as an object. */
  readonly record: LogRecord;
}
