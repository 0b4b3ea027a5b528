import type { LogFormat } from "./LogSink.ts";
import type { LogRecord } from "./LogRecord.ts";
import { formatText } from "./formatText.ts";

/** The line that is written in place of lost lines. */
export function lostLinesNote(sink: string, lost: number, format: LogFormat, timestamps: boolean): string {
  const msg = `${lost} ${lost === 1 ? "line is" : "lines are"} missing here: ${lost === 1 ? "it" : "they"} could not be written`;
  const record: LogRecord = { level: "WARNING", time: new Date().toISOString(), name: `peek_logging.${sink}`, msg };
  return format === "json" ? `${JSON.stringify(record)}\n` : formatText(record, timestamps);
}
