/** The layout of Peek's own tables that this version works with. */
export const layoutVersion = 1;

/**
 * Peek's own tables: which plugins have a room in the database, and what was migrated. Only the owner of the database
 * reads them: `secret` is what the passwords of the plugins' roles are made from.
 *
 * @param secret A random secret, in base64url.
 */
export function layoutSql(secret: string): string {
  return `
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
    INSERT INTO peek_platform.setting VALUES ('layout', '${layoutVersion}'), ('secret', '${secret}');
  `;
}
