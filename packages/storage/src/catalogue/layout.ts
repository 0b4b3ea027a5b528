import type { ClientBase } from "pg";
import { z } from "zod";

/** The layout of Peek's own tables that this version works with. */
export const layoutVersion = 1;

const tablesSql = `
  CREATE SCHEMA peek_platform;
  CREATE TABLE peek_platform.setting (
    key text PRIMARY KEY,
    value text NOT NULL
  );
  CREATE TABLE peek_platform.plugin (
    name text PRIMARY KEY,
    schema text NOT NULL UNIQUE,
    role text,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON COLUMN peek_platform.plugin.role IS 'NULL: the account of storage.connectUrl, which may not create roles';
  CREATE TABLE peek_platform.migration (
    plugin text NOT NULL REFERENCES peek_platform.plugin,
    number bigint NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    plugin_version text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    duration_ms integer NOT NULL,
    PRIMARY KEY (plugin, number)
  );
  INSERT INTO peek_platform.setting VALUES ('layout', '${layoutVersion}');
`;

// The server draws it, so that no statement has it: those end up in the server's log.
const secretSql = `
  INSERT INTO peek_platform.setting
    VALUES ('secret', replace(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), '-', ''))
    RETURNING value
`;

const rowSchema = z.object({ value: z.string() });

/**
 * Makes Peek's own tables: which plugins have a room in the database, and what was migrated. Only the owner of the
 * database reads them.
 *
 * @returns The secret that the passwords of the plugins' roles are made from.
 */
export async function makeLayout(client: ClientBase): Promise<string> {
  await client.query(tablesSql);
  const { rows } = await client.query<Record<string, unknown>>(secretSql);
  return rowSchema.parse(rows[0]).value;
}
