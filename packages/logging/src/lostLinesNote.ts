import type { LogFormat } from "./LogSink.ts";
import type { LogRecord } from "./LogRecord.ts";
import { formatText } from "./formatText.ts";

/** The line that stands where lines are missing. */
export function lostLinesNote(sink: string, lost: number, format: LogFormat, timestamps: boolean): string {
  const msg = `${lost} ${lost === 1 ? "line" : "lines"} could not be written here, and ${lost === 1 ? "is" : "are"} missing`;
  const record: LogRecord = { level: "WARNING", time: new Date().toISOString(), name: `peek_logging.${sink}`, msg };
  return format === "json" ? `${JSON.stringify(record)}\n` : formatText(record, timestamps);
}
