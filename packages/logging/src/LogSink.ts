import type { LogRecord } from "./LogRecord.ts";

/** The format in which a sink writes lines. */
export type LogFormat = "text" | "json";

/** A destination of lines. */
export interface LogSink extends AsyncDisposable {
  /** Writes one line. Must not throw. */
  write(line: LogLine): void;
}

/** One line on its way to the sinks. */
export interface LogLine {
  /** The line as JSON, with its line end. */
  readonly json: string;
  /** The line as an object. */
  readonly record: LogRecord;
}
