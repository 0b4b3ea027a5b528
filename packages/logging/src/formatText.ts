import type { LogRecord } from "./LogRecord.ts";

// C0, DEL, C1 and the two line separators: all characters that end a line or move a terminal's cursor.
// oxlint-disable-next-line no-control-regex -- control characters are what it is for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Formats `LEVEL name:message` on one line, followed by the indented stack of the error, if any. */
export function formatText(record: LogRecord, timestamps: boolean): string {
  const head = timestamps ? `${localTime(record.time)} ` : "";
  const line = `${head}${record.level} ${record.name}:${oneLine(record.msg ?? "")}\n`;
  return record.err === undefined ? line : `${line}${indent(record.err.stack)}\n`;
}

function oneLine(text: string): string {
  return text.replace(controls, escaped);
}

function indent(stack: string): string {
  return stack
    .split("\n")
    .map((each) => `    ${oneLine(each)}`)
    .join("\n");
}

function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Date and local time: `2026-11-22 07:19:00.123`. */
function localTime(iso: string): string {
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
