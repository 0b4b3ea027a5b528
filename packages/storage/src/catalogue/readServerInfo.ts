import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import { z } from "zod";

/** Facts about the server and the account that Peek needs. */
export interface ServerInfo {
  /** `"15.20"`. */
  readonly version: string;
  /** The maximum number of connections of all plugins and the platform: of ordinary accounts together, or of the shared one. */
  readonly connections: number;
  /** Whether the account may create a login role for each plugin. */
  readonly createsRoles: boolean;
  /** The server process of this connection. */
  readonly pid: number;
  /** Whether the account may create schemas in this database. */
  readonly createsSchemas: boolean;
}

/** The oldest major version that Peek is tested with. */
const oldestMajor = 15;

const query = `
  SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS number,
    least(
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true), '0')::int,
      nullif(datconnlimit, -1),
      -- The roles of plugins have no limit of their own.
      CASE WHEN NOT rolsuper AND NOT rolcreaterole THEN nullif(rolconnlimit, -1) END
    ) AS connections,
    rolsuper OR rolcreaterole AS creates_roles,
    pg_catalog.has_database_privilege(datname, 'CREATE') AS creates_schemas,
    pg_catalog.pg_backend_pid() AS pid,
    pg_catalog.pg_is_in_recovery() AS is_standby,
    current_setting('default_transaction_read_only') AS read_only,
    current_setting('session_replication_role') AS replication_role
  FROM pg_catalog.pg_roles, pg_catalog.pg_database
  WHERE rolname = current_user AND datname = current_database()
`;

const rowSchema = z.object({
  version: z.string(),
  number: z.number(),
  connections: z.number(),
  creates_roles: z.boolean(),
  creates_schemas: z.boolean(),
  pid: z.number(),
  is_standby: z.boolean(),
  read_only: z.string(),
  replication_role: z.string(),
});

/**
 * Reads the facts about the server.
 *
 * @throws PeekError `STORAGE_REFUSED` when the server is too old, or has settings that Peek cannot work with;
 *   `STORAGE_UNAVAILABLE` when it is a standby.
 */
export async function readServerInfo(client: ClientBase): Promise<ServerInfo> {
  const { rows } = await client.query<Record<string, unknown>>(query);
  const row = rowSchema.parse(rows[0]);
  const version = row.version.split(" ")[0] ?? row.version;
  if (Math.floor(row.number / 10_000) < oldestMajor) {
    throw new PeekError(
      "STORAGE_REFUSED",
      `The server of storage.connectUrl is PostgreSQL ${version}. Peek needs ${oldestMajor} or later.`,
    );
  }
  if (row.is_standby) {
    throw new PeekError(
      "STORAGE_UNAVAILABLE",
      "The server of storage.connectUrl is a standby, which rejects writes. Promote it, or name the primary.",
    );
  }
  if (row.read_only === "on") throw unusableSetting("default_transaction_read_only", row.read_only, "off");
  if (row.replication_role !== "origin")
    throw unusableSetting("session_replication_role", row.replication_role, "origin");
  return {
    version,
    connections: row.connections,
    pid: row.pid,
    createsRoles: row.creates_roles,
    createsSchemas: row.creates_schemas,
  };
}

/** The error of a setting that only an administrator of the database may change. */
function unusableSetting(setting: string, value: string, needed: string): PeekError {
  return new PeekError(
    "STORAGE_REFUSED",
    `The database of storage.connectUrl has the setting ${setting} = ${value}, and Peek needs ${needed}. Reset it: ALTER DATABASE … RESET ${setting}; the same for the account with ALTER ROLE, or in postgresql.conf.`,
    { fields: { setting, value } },
  );
}
