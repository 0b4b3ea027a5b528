import type { ClientConfig } from "pg";
import { valueParsers } from "../access/valueParsers.ts";
import type { ConnectionTarget } from "./ConnectionTarget.ts";
import type { SessionOptions } from "./sessionSettings.ts";

/** What a connection is made with besides its target. */
export interface ClientSettings extends SessionOptions {
  /** How the server's administrator sees it in pg_stat_activity. */
  readonly applicationName: string;
  /** How long making it may take; milliseconds. */
  readonly connectTimeoutMs: number;
  /** Whose types of values it gives: as plugins get them, or as `pg` has them by itself. Default: Peek's. */
  readonly values?: "peek" | "pg";
}

/** What a statement has beyond its time on the server, until the connection is held to be dead; milliseconds. */
const graceMs = 5000;

/** A connection's configuration, in the words of `pg`. What its session is to have follows by SQL: see {@link sessionSql}. */
export function clientConfig(target: ConnectionTarget, settings: ClientSettings): ClientConfig {
  const { statementTimeoutMs } = settings;
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    // A function keeps `pg` from looking for another when there is none, in PGPASSWORD or a file.
    password: () => target.password ?? "",
    database: target.database,
    ssl: target.tls,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(statementTimeoutMs !== undefined && { query_timeout: statementTimeoutMs + graceMs }),
    ...(settings.values !== "pg" && { types: valueParsers }),
  };
}
