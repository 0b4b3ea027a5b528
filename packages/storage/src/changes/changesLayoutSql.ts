import { outputSettings } from "../connection/sessionSettings.ts";

/** The rows of one statement are noted up to this number. */
const mostRows = 100;
/** The rows of one statement are noted up to this size together; bytes, as PostgreSQL keeps them. */
const mostRowBytes = 128 * 1024;
/**
 * So many changes are noted without the reader having been there; further ones are not, so that the table cannot grow
 * without a reader. They are counted, and not timed: the clock of the database's machine may be set at any moment.
 */
export const mostUnread = 100_000;
/** Of so many unread changes rows are noted. */
const mostUnreadWithRows = 10_000;
/** The channel that the reader listens to while it sleeps. */
export const channel = "peek_vortex_change";

/** Counts the change, and leaves the function where no reader is there to read it. */
const countSql = (result: string): string => `
      number_unread := nextval('peek_vortex.unread');
      IF number_unread > ${mostUnread} THEN RETURN ${result}; END IF;`;

/**
 * Notes the change. A transaction that has notified cannot be prepared (PREPARE TRANSACTION): where the server allows
 * that, the reader looks often instead.
 */
const noteSql = (rows: string): string => `
      INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), TG_RELID, TG_OP, ${rows});
      IF current_setting('max_prepared_transactions') = '0' AND EXISTS (SELECT FROM peek_vortex.reader WHERE asleep) THEN
        PERFORM pg_notify('${channel}', '');
      END IF;`;

/** The texts of values in a function must not depend on what the writer's session has set. */
const fixedSettings = Object.entries(outputSettings)
  .map(([name, value]) => `SET ${name} = '${value}'`)
  .join(" ");

/** The names and types of the columns, as they are now: a later statement of the same transaction may alter them. */
const columnsSql = `
      SELECT jsonb_agg(jsonb_build_array(attname, atttypid::bigint) ORDER BY attnum), coalesce(bool_or(attgenerated = 'v'), false)
        INTO columns, some_virtual
        FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;`;

/** The rows of a transition table as texts, unless there are too many; none at all leaves the function. */
const collectSql = (counted: string, collected: string): string => `
      SELECT count(*), coalesce(sum(pg_column_size(each)), 0) INTO number, bytes
        FROM (SELECT ${counted} AS each FROM ${counted} LIMIT ${mostRows + 1}) AS few;
      IF number = 0 THEN RETURN NULL; END IF;${countSql("NULL")}
      IF number <= ${mostRows} AND bytes <= ${mostRowBytes} AND number_unread <= ${mostUnreadWithRows} THEN
        ${collected}
      END IF;`;

const collectOne = (table: string): string =>
  `SELECT jsonb_agg(textin(record_out(${table}))) INTO records FROM ${table};`;

const collectBoth = `SELECT jsonb_agg(each) INTO records FROM (
          SELECT textin(record_out(peek_old)) AS each FROM peek_old
          UNION ALL SELECT textin(record_out(peek_new)) FROM peek_new
        ) AS both_sides;`;

/** The columns and records as one value, unless they became too large as texts. */
const packSql = `
      IF records IS NOT NULL THEN
        ${columnsSql}
        IF NOT some_virtual THEN rows := jsonb_build_object('columns', columns, 'records', records); END IF;
        IF pg_column_size(rows) > ${4 * mostRowBytes} THEN rows := NULL; END IF;
      END IF;`;

/** Of one transaction, one note without rows says enough. */
const unlessNotedSql = `IF EXISTS (
        SELECT FROM peek_vortex.change WHERE transaction = pg_current_xact_id()
          AND relation = TG_RELID AND operation = TG_OP AND change.rows IS NULL
      ) THEN RETURN NULL; END IF;`;

/**
 * What has been committed to tables that are watched, and who reads it.
 *
 * Of a change, the transaction is kept: a reader that remembers which transactions had ended when it last looked knows
 * those that have ended since, in whatever order they were begun or committed.
 *
 * Rows are noted as the texts of records (record_out), with the names and types of their columns: the reader makes the
 * same values of them as of what is selected. record_out runs only output functions of types, which a superuser has
 * made; to_jsonb would run casts of the table's owner with the rights of Peek.
 *
 * PostgreSQL's own subscriptions fire triggers for each row only: two functions are for those.
 */
export const changesLayoutSql = `
  CREATE TABLE IF NOT EXISTS peek_vortex.reader (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    asleep boolean NOT NULL DEFAULT true,
    start bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);
  ALTER TABLE peek_vortex.reader DROP COLUMN IF EXISTS beat;
  COMMENT ON COLUMN peek_vortex.reader.asleep IS 'Whether it wants to be notified of changes; else it looks by itself';
  COMMENT ON COLUMN peek_vortex.reader.start IS 'How often logic has begun to follow changes';
  INSERT INTO peek_vortex.reader DEFAULT VALUES ON CONFLICT DO NOTHING;

  CREATE SEQUENCE IF NOT EXISTS peek_vortex.unread START ${mostUnread + 1};
  COMMENT ON SEQUENCE peek_vortex.unread IS 'How many changes were noted since the reader last was there';

  CREATE TABLE IF NOT EXISTS peek_vortex.watched (
    relation oid PRIMARY KEY,
    start bigint NOT NULL
  );
  COMMENT ON COLUMN peek_vortex.watched.start IS 'At which of the reader''s starts it was last wanted';

  CREATE UNLOGGED TABLE IF NOT EXISTS peek_vortex.change (
    transaction xid8 NOT NULL,
    relation oid NOT NULL,
    operation text NOT NULL,
    rows jsonb
  ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
  CREATE INDEX IF NOT EXISTS change_transaction ON peek_vortex.change (transaction);

  DROP FUNCTION IF EXISTS peek_vortex.note(oid, text, jsonb);

  CREATE OR REPLACE FUNCTION peek_vortex.note_statement() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      number_unread bigint;
    BEGIN
      IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT FROM peek_new) THEN RETURN NULL; END IF;
      ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM peek_old) THEN RETURN NULL; END IF;
      END IF;${countSql("NULL")}${noteSql("NULL")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_statement() FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.note_rows() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp ${fixedSettings} AS $peek$
    DECLARE
      number bigint;
      number_unread bigint;
      bytes bigint;
      columns jsonb;
      some_virtual boolean;
      records jsonb;
      rows jsonb;
    BEGIN
      IF TG_OP = 'INSERT' THEN${collectSql("peek_new", collectOne("peek_new"))}
      ELSIF TG_OP = 'DELETE' THEN${collectSql("peek_old", collectOne("peek_old"))}
      ELSE${collectSql("peek_new", collectBoth)}
      END IF;${packSql}${noteSql("rows")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_rows() FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.note_replicated() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      number_unread bigint;
    BEGIN
      ${unlessNotedSql}${countSql("NULL")}${noteSql("NULL")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_replicated() FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.note_replicated_rows() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp ${fixedSettings} AS $peek$
    DECLARE
      number bigint;
      number_unread bigint;
      columns jsonb;
      some_virtual boolean;
      records jsonb;
      rows jsonb;
    BEGIN
      ${unlessNotedSql}${countSql("NULL")}
      SELECT count(*) INTO number FROM peek_vortex.change
        WHERE transaction = pg_current_xact_id() AND relation = TG_RELID;
      IF number < ${mostRows} AND number_unread <= ${mostUnreadWithRows} THEN
        IF TG_OP <> 'INSERT' THEN records := jsonb_build_array(textin(record_out(OLD))); END IF;
        IF TG_OP <> 'DELETE' THEN records := coalesce(records, '[]') || jsonb_build_array(textin(record_out(NEW))); END IF;
        IF pg_column_size(records) > ${mostRowBytes} THEN records := NULL; END IF;
      END IF;${packSql}${noteSql("rows")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_replicated_rows() FROM PUBLIC;
`;
