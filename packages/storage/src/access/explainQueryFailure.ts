import { messageOf, PeekError, type PeekErrorCode } from "@peek/errors";
import { DatabaseError } from "pg";

/** What of a statement stands in messages; characters. */
const shown = 500;

/**
 * What went wrong with a statement, as a PeekError: with PostgreSQL's own code in `fields.sqlState`, the statement and
 * the place in it. Values are in neither.
 */
export function explainQueryFailure(error: unknown, sql: string): PeekError {
  if (PeekError.is(error)) return error;
  if (!(error instanceof DatabaseError)) return explainLoss(error, sql);
  const { code: sqlState, position } = error;
  // Done again, it is not prepared.
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

/** Whether a connection is of no more use after an error. */
export function isConnectionLost(error: unknown): boolean {
  if (PeekError.is(error)) return error.code === "STORAGE_UNAVAILABLE" || error.fields["connectionLost"] === true;
  return error instanceof DatabaseError ? isLoss(error.code) : true;
}

/**
 * Whether a statement failed only because it was prepared before a table was changed, or something else on its
 * connection undid that. Nothing of it was done.
 */
export function isPreparationStale(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  const { code, routine, message } = error;
  // Only those that were prepared here: a plugin may have prepared some itself.
  return (code === "0A000" && routine === "RevalidateCachedQuery") || (code === "26000" && message.includes('"peek_'));
}

/** `: relation "x" does not exist at character 15 of: select * from «x»`. */
function placeIn(sql: string, position: string | undefined): string {
  if (sql === "") return "";
  const text = sql.replaceAll(/\s/g, " ");
  const at = Number(position);
  if (position === undefined || !Number.isSafeInteger(at) || at < 1) return ` in: ${shorten(text)}`;
  const from = Math.max(0, at - 1 - shown / 2);
  const here = text.slice(at - 1).match(/^(?:"[^"]*"|\w+|.)/)?.[0] ?? "";
  const before = `${from > 0 ? "…" : ""}${text.slice(from, at - 1)}`;
  return ` at character ${at} of: ${before}»${here}«${shorten(text.slice(at - 1 + here.length))}`;
}

function shorten(text: string): string {
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
}

function codeOf(sqlState: string | undefined): PeekErrorCode {
  switch (sqlState) {
    case "42501":
      return "STORAGE_DENIED";
    case "40001":
    case "40P01":
      return "STORAGE_CONFLICT";
    // By statement_timeout, by lock_timeout, by idle_in_transaction_session_timeout, by transaction_timeout.
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

/** The server is going down, has come up, or was told to end this connection. */
function isLoss(sqlState: string | undefined): boolean {
  if (sqlState === undefined) return false;
  return (
    sqlState.startsWith("08") || ["57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300"].includes(sqlState)
  );
}

/** `pg`'s own errors have no class: the connection is gone, or the server did not answer. */
function explainLoss(error: unknown, sql: string): PeekError {
  const said = messageOf(error);
  if (said.includes("Query read timeout")) {
    return new PeekError(
      "STORAGE_TIMEOUT",
      `The database did not answer within the statement's time, and the connection was given up: ${shorten(sql)}`,
      { cause: error, fields: { connectionLost: true } },
    );
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new PeekError("STORAGE_QUERY_FAILED", `${said} in: ${shorten(sql)}`, { cause: error });
  }
  return new PeekError("STORAGE_UNAVAILABLE", `The connection to the database was lost: ${said}`, { cause: error });
}

function present(key: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [key]: value };
}
