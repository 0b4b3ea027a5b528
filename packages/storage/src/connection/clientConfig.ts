import type { ClientConfig } from "pg";
import { valueParsers } from "../query/valueParsers.ts";
import type { ConnectionTarget } from "./ConnectionTarget.ts";
import type { SessionOptions } from "./sessionSettings.ts";

/** The settings of a connection besides its target. */
export interface ClientSettings extends SessionOptions {
  /** Its name in pg_stat_activity. */
  readonly applicationName: string;
  /** The maximum time to connect. */
  readonly connectTimeoutMs: number;
  /** The time beyond `statementTimeoutMs` after which the connection counts as dead. Default: 5,000. */
  readonly answerGraceMs?: number;
  /** The parsers of values: those that plugins get, or those of `pg`. Default: `"peek"`. */
  readonly values?: "peek" | "pg";
}

/** The default of {@link ClientSettings.answerGraceMs}. */
export const defaultAnswerGraceMs = 5000;

/** Converts a target and settings to the configuration of `pg`. The session's settings are set by SQL: see {@link sessionSql}. */
export function clientConfig(target: ConnectionTarget, settings: ClientSettings): ClientConfig {
  const { statementTimeoutMs, answerGraceMs = defaultAnswerGraceMs } = settings;
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    // A function, so that `pg` does not search PGPASSWORD or a file where there is no password.
    password: () => target.password ?? "",
    database: target.database,
    ssl: target.tls,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(statementTimeoutMs !== undefined && { query_timeout: statementTimeoutMs + answerGraceMs }),
    ...(settings.values !== "pg" && { types: valueParsers }),
  };
}
