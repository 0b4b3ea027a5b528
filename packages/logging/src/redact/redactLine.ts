import type { LogRecord } from "../LogRecord.ts";
import { isPlural, isSecretKey } from "./isSecretKey.ts";
import { maskSecrets } from "./maskSecrets.ts";
import { redacted } from "./redacted.ts";

/** Longer lines are cut. In characters. */
const maxLineLength = 256 * 1024;
const maxTextLength = 32 * 1024;

// All patterns by which secrets are recognised. Most lines match none of them, and are written unchanged.
const suspicious =
  /pass|pwd|kennwort|secret|token|cookie|auth|credential|bearer|basic|digest|negotiate|identified|jwt|eyJ|-----BEGIN|[?&"]sig|signature|session[_-]?(?:id|key)|(?:api|access|private|signing|encryption|account|shared|master)[ _-]?key|connect(?:ion)?[_-]?(?:url|string)|peek_(?:logic|field|office|worker|agent)_[a-z2-7]{8}_/i;

/** A line without secrets and of bounded length. */
export interface RedactedLine {
  readonly json: string;
  /** The line as an object, where it had to be parsed. */
  readonly record?: LogRecord;
}

/** @param raw One line of JSON as pino writes it. */
export function redactLine(raw: string): RedactedLine {
  const isLong = raw.length > maxLineLength;
  if (!isLong && !suspicious.test(raw) && !(raw.includes("://") && raw.includes("@"))) return { json: raw };
  // Pino has just written it, in the shape that its options define.
  const masked = JSON.parse(raw, maskEntry) as LogRecord;
  const record = isLong ? cut(masked) : masked;
  return { json: `${JSON.stringify(record)}\n`, record };
}

function maskEntry(this: unknown, key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return exact(value, context?.source);
  if (value === null || typeof value === "boolean" || value === "") return value;
  if (isSecretKey(key) && !(typeof value === "number" && isPlural(key))) return redacted;
  return typeof value === "string" ? maskSecrets(value) : value;
}

/** Keeps the digits of a bigint, which a number cannot represent. */
function exact(value: number, source: string | undefined): unknown {
  return source !== undefined && /^-?\d{16,}$/.test(source) ? source : value;
}

function cut(record: LogRecord): LogRecord {
  const shorter: LogRecord = {
    ...record,
    ...(record.msg !== undefined && { msg: cutText(record.msg) }),
    ...(record.err !== undefined && {
      err: { ...record.err, message: cutText(record.err.message), stack: cutText(record.err.stack) },
    }),
  };
  if (JSON.stringify(shorter).length <= maxLineLength) return shorter;
  const { level, time, name, msg, err } = shorter;
  const left = "The facts of this line are omitted: they were too long.";
  return { level, time, name, msg: msg === undefined ? left : `${msg} (${left})`, ...(err !== undefined && { err }) };
}

function cutText(text: string): string {
  if (text.length <= maxTextLength) return text;
  return `${text.slice(0, maxTextLength)}… (${text.length - maxTextLength} more characters)`;
}
