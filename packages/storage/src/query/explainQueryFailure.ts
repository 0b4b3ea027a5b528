import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import { DatabaseError } from "pg";

/** The maximum number of characters of a statement in a message. */
const maxStatementLength = 500;

/**
 * Translates the error of a statement into a PeekError. Its message has the statement with the position of the error, and
 * its `fields.sqlState` PostgreSQL's own code. Values of the statement are in neither.
 */
export function explainQueryFailure(error: unknown, sql: string): PeekError {
  if (PeekError.is(error)) return error;
  if (!(error instanceof DatabaseError)) return explainLoss(error, sql);
  const { code: sqlState, position } = error;
  // A retry runs the statement without preparing it.
  const code = isPreparationStale(error) ? "STORAGE_CONFLICT" : codeOf(sqlState);
  return new PeekError(code, `${error.message} (${sqlState ?? "no code"})${placeIn(sql, position)}`, {
    cause: error,
    fields: {
      sqlState,
      ...present("schema", error.schema),
      ...present("table", error.table),
      ...present("column", error.column),
      ...present("constraint", error.constraint),
      ...present("position", position),
    },
  });
}

/** Whether a connection cannot be used any more after an error. */
export function isConnectionLost(error: unknown): boolean {
  if (PeekError.is(error)) return error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true;
  return error instanceof DatabaseError ? isLoss(error.code) : true;
}

/**
 * Whether a statement failed only because a table was altered after the statement was prepared, or because its
 * preparation was discarded on the connection. The statement had no effect.
 */
export function isPreparationStale(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  const { code, routine, message } = error;
  // Only statements with our names: a plugin may have prepared others itself.
  return (code === "0A000" && routine === "RevalidateCachedQuery") || (code === "26000" && message.includes('"peek_'));
}

/** `: relation "x" does not exist at character 15 of: select * from «x»`. */
function placeIn(sql: string, position: string | undefined): string {
  if (sql === "") return "";
  const text = sql.replaceAll(/\s/g, " ");
  const at = Number(position);
  if (position === undefined || !Number.isSafeInteger(at) || at < 1) return ` in: ${shorten(text)}`;
  const from = Math.max(0, at - 1 - maxStatementLength / 2);
  const here = text.slice(at - 1).match(/^(?:"[^"]*"|\w+|.)/)?.[0] ?? "";
  const before = `${from > 0 ? "…" : ""}${text.slice(from, at - 1)}`;
  return ` at character ${at} of: ${before}»${here}«${shorten(text.slice(at - 1 + here.length))}`;
}

function shorten(text: string): string {
  return text.length > maxStatementLength ? `${text.slice(0, maxStatementLength)}…` : text;
}

function codeOf(sqlState: string | undefined): PeekErrorCode {
  switch (sqlState) {
    case "42501":
      return "STORAGE_DENIED";
    case "40001":
    case "40P01":
      return "STORAGE_CONFLICT";
    // statement_timeout, lock_timeout, idle_in_transaction_session_timeout, transaction_timeout.
    case "57014":
    case "55P03":
    case "25P03":
    case "25P04":
      return "STORAGE_TIMEOUT";
    default:
      if (isLoss(sqlState)) return "STORAGE_UNAVAILABLE";
      return sqlState?.startsWith("23") === true ? "STORAGE_CONSTRAINT" : "STORAGE_QUERY_FAILED";
  }
}

/** Whether the server is shutting down, is starting, or has terminated this connection. */
function isLoss(sqlState: string | undefined): boolean {
  if (sqlState === undefined) return false;
  return (
    sqlState.startsWith("08") || ["57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300"].includes(sqlState)
  );
}

/** Errors of `pg` itself have no class: the connection is lost, or the server did not answer. */
function explainLoss(error: unknown, sql: string): PeekError {
  const message = messageOf(error);
  if (message.includes("Query read timeout")) {
    return new PeekError(
      "STORAGE_TIMEOUT",
      `The database did not answer within the time limit of the statement, and the connection was closed: ${shorten(sql)}`,
      { cause: error, fields: { connectionLost: true } },
    );
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new PeekError("STORAGE_QUERY_FAILED", `${message} in: ${shorten(sql)}`, { cause: error });
  }
  return new PeekError("STORAGE_UNAVAILABLE", `The connection to the database was lost: ${message}`, { cause: error });
}

function present(key: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [key]: value };
}
