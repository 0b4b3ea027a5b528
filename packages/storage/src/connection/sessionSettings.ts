import { escapeLiteral } from "pg";

/** The settings of a session besides those that all sessions have. */
export interface SessionOptions {
  /** The maximum time of a statement. Default: no limit. */
  readonly statementTimeoutMs?: number | undefined;
  /** The maximum time that a transaction stays open without a running statement. Default: no limit. */
  readonly idleInTransactionTimeoutMs?: number | undefined;
  /** The schema of unqualified names. Default: PostgreSQL's own only. */
  readonly schema?: string | undefined;
}

/**
 * The settings that decide how the server writes values as text, for {@link valueParsers}. Names and values are
 * constants, safe in SQL. Source: PostgreSQL's documentation, "Client Connection Defaults".
 */
export const outputSettings = {
  TimeZone: "UTC",
  DateStyle: "ISO, MDY",
  IntervalStyle: "iso_8601",
  extra_float_digits: "1",
  bytea_output: "hex",
  xmlbinary: "base64",
  lc_monetary: "C",
} as const;

/**
 * The settings that decide the meaning of SQL, and when the server ends a session by itself. The values are PostgreSQL's
 * defaults: an administrator may have set others for the database, the account or the server.
 */
const semanticSettings = {
  standard_conforming_strings: "on",
  escape_string_warning: "on",
  backslash_quote: "safe_encoding",
  quote_all_identifiers: "off",
  array_nulls: "on",
  transform_null_equals: "off",
  xmloption: "content",
  row_security: "on",
  check_function_bodies: "on",
  gin_fuzzy_search_limit: "0",
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  lock_timeout: "0",
  idle_session_timeout: "0",
  client_encoding: "UTF8",
} as const;

/** Settings that a later version has introduced; `since` is its `server_version_num`. */
const laterSettings = [{ name: "transaction_timeout", value: "0", since: 170_000 }] as const;

/**
 * SQL that gives a session its settings. They are set after connecting, because a pooler (PgBouncer) rejects settings in
 * the startup packet.
 */
export function sessionSql({ statementTimeoutMs = 0, idleInTransactionTimeoutMs = 0, schema }: SessionOptions): string {
  const all: Readonly<Record<string, string>> = {
    ...outputSettings,
    ...semanticSettings,
    search_path: schema === undefined ? "pg_catalog" : `"${schema.replaceAll('"', '""')}"`,
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(idleInTransactionTimeoutMs),
  };
  const calls = Object.entries(all).map(([name, value]) => setConfig(name, value));
  const later = laterSettings.map(
    ({ name, value, since }) =>
      `SELECT ${setConfig(name, value)} WHERE pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= ${since};`,
  );
  return `SELECT ${calls.join(", ")}; ${later.join(" ")}`;
}

function setConfig(name: string, value: string): string {
  return `pg_catalog.set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, false)`;
}
