import { EventEmitter, once } from "node:events";
import { format } from "node:util";
import type { LogFunction, Logger, LogMethod } from "@peek/plugin-base";

/** A logger that records its lines: `warning Lost NATS at …`. */
export interface RecordingLog extends Logger {
  readonly lines: readonly string[];
  /** Waits for a line. */
  until(pattern: RegExp): Promise<void>;
}

export function recordingLog(): RecordingLog {
  const lines: string[] = [];
  const writing = new EventEmitter();
  const write =
    (level: LogMethod): LogFunction =>
    (first: string | Readonly<Record<string, unknown>>, ...rest: readonly unknown[]): void => {
      const line = typeof first === "string" ? format(first, ...rest) : format(...rest);
      lines.push(`${level} ${line}`);
      writing.emit("line");
    };
  return {
    lines,
    until: async (pattern) => {
      const late = AbortSignal.timeout(30_000);
      while (!lines.some((line) => pattern.test(line))) await once(writing, "line", { signal: late });
    },
    debug: write("debug"),
    info: write("info"),
    warning: write("warning"),
    error: write("error"),
    critical: write("critical"),
    isLevelEnabled: () => true,
  };
}
