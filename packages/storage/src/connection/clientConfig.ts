import type { ClientConfig } from "pg";
import { valueParsers } from "../access/valueParsers.ts";
import type { ConnectionTarget } from "./ConnectionTarget.ts";
import { outputSettings } from "./outputSettings.ts";

/** What a connection is made with besides its target. */
export interface ClientSettings {
  /** How the server's administrator sees it in pg_stat_activity. */
  readonly applicationName: string;
  /** How long making it may take; milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long a statement may take; milliseconds. Default: for ever. */
  readonly statementTimeoutMs?: number;
  /** How long a transaction may stay open with no statement running; milliseconds. Default: for ever. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Where names without a schema are looked for. Default: nowhere but in PostgreSQL's own. */
  readonly schema?: string;
  /** Whose types of values it gives: as plugins get them, or as `pg` has them by itself. Default: Peek's. */
  readonly values?: "peek" | "pg";
}

/** What a statement has beyond its time on the server, until the connection is held to be dead; milliseconds. */
const graceMs = 5000;

/** A connection's configuration, in the words of `pg`. */
export function clientConfig(target: ConnectionTarget, settings: ClientSettings): ClientConfig {
  const { statementTimeoutMs, idleInTransactionTimeoutMs, schema } = settings;
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
    ...(statementTimeoutMs !== undefined && {
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + graceMs,
    }),
    ...(idleInTransactionTimeoutMs !== undefined && {
      idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    }),
    // What the values' texts look like must not depend on the server.
    options: [
      `search_path=${schema ?? "pg_catalog"}`,
      ...Object.entries(outputSettings).map(([name, value]) => `${name}=${value}`),
    ]
      .map((each) => `-c ${each}`)
      .join(" "),
    ...(settings.values !== "pg" && { types: valueParsers }),
  };
}
