import { outputSettings } from "../connection/sessionSettings.ts";

/** The maximum number of rows of one statement that are captured. */
const maxRows = 100;
/** The maximum size of the captured rows of one statement, as PostgreSQL stores them. */
const maxRowBytes = 128 * 1024;
/**
 * The maximum number of unread changes. Further ones are not recorded, so that the table cannot grow without a reader. A
 * count instead of a time, because the clock of the database's machine may be set at any moment.
 */
export const maxUnread = 100_000;
/** The number of unread changes up to which rows are captured. */
const maxUnreadWithRows = 10_000;
/** The channel of notifications, while the reader has requested them. */
export const notificationChannel = "peek_vortex_change";

/** Counts the change, and returns from the function when the limit of unread changes is reached. */
const countSql = (result: string): string => `
      number_unread := nextval('peek_vortex.unread');
      IF number_unread > ${maxUnread} THEN RETURN ${result}; END IF;`;

/**
 * Records the change. A transaction that has notified cannot be prepared (PREPARE TRANSACTION): on servers that allow
 * prepared transactions, the reader polls more often instead.
 */
const recordSql = (rows: string): string => `
      INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), TG_RELID, TG_OP, ${rows});
      IF current_setting('max_prepared_transactions') = '0' AND EXISTS (SELECT FROM peek_vortex.reader WHERE asleep) THEN
        PERFORM pg_notify('${notificationChannel}', '');
      END IF;`;

/** The text format of values in a function must not depend on the settings of the writer's session. */
const fixedSettings = Object.entries(outputSettings)
  .map(([name, value]) => `SET ${name} = '${value}'`)
  .join(" ");

/** The present names and types of the columns: a later statement of the same transaction may alter them. */
const columnsSql = `
      SELECT jsonb_agg(jsonb_build_array(attname, atttypid::bigint) ORDER BY attnum), coalesce(bool_or(attgenerated = 'v'), false)
        INTO columns, some_virtual
        FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;`;

/** Collects the rows of a transition table as texts, unless there are too many; returns from the function if there are none. */
const collectSql = (counted: string, collected: string): string => `
      SELECT count(*), coalesce(sum(pg_column_size(each)), 0) INTO number, bytes
        FROM (SELECT ${counted} AS each FROM ${counted} LIMIT ${maxRows + 1}) AS few;
      IF number = 0 THEN RETURN NULL; END IF;${countSql("NULL")}
      IF number <= ${maxRows} AND bytes <= ${maxRowBytes} AND number_unread <= ${maxUnreadWithRows} THEN
        ${collected}
      END IF;`;

const collectOne = (table: string): string =>
  `SELECT jsonb_agg(textin(record_out(${table}))) INTO records FROM ${table};`;

const collectBoth = `SELECT jsonb_agg(each) INTO records FROM (
          SELECT textin(record_out(peek_old)) AS each FROM peek_old
          UNION ALL SELECT textin(record_out(peek_new)) FROM peek_new
        ) AS both_sides;`;

/** Combines the columns and records to one value, unless it is too large. */
const packSql = `
      IF records IS NOT NULL THEN
        ${columnsSql}
        IF NOT some_virtual THEN rows := jsonb_build_object('columns', columns, 'records', records); END IF;
        IF pg_column_size(rows) > ${4 * maxRowBytes} THEN rows := NULL; END IF;
      END IF;`;

/** Returns from the function if the transaction has recorded such a change without rows already. */
const unlessRecordedSql = `IF EXISTS (
        SELECT FROM peek_vortex.change WHERE transaction = pg_current_xact_id()
          AND relation = TG_RELID AND operation = TG_OP AND change.rows IS NULL
      ) THEN RETURN NULL; END IF;`;

/**
 * The tables and trigger functions of the outbox: the committed changes of watched tables.
 *
 * A change is stored with its transaction id. A reader that remembers the snapshot of its last read finds the changes of
 * all transactions that have ended since, in any order.
 *
 * Rows are stored in the text format of records (record_out), with the names and types of their columns, so that the
 * reader decodes the same values as from a SELECT. record_out runs only the output functions of types, which a superuser
 * has created; to_jsonb would run casts of the table's owner with the rights of Peek.
 *
 * Logical replication fires row triggers only: the functions `note_replicated…` are for those.
 */
export const outboxLayoutSql = `
  CREATE TABLE IF NOT EXISTS peek_vortex.reader (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    asleep boolean NOT NULL DEFAULT true,
    start bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);
  ALTER TABLE peek_vortex.reader DROP COLUMN IF EXISTS beat;
  COMMENT ON COLUMN peek_vortex.reader.asleep IS 'Whether triggers notify the reader; otherwise it polls';
  COMMENT ON COLUMN peek_vortex.reader.start IS 'How often logic has started to read changes';
  INSERT INTO peek_vortex.reader DEFAULT VALUES ON CONFLICT DO NOTHING;

  CREATE SEQUENCE IF NOT EXISTS peek_vortex.unread START ${maxUnread + 1};
  COMMENT ON SEQUENCE peek_vortex.unread IS 'How many changes were recorded since the reader last reset the count';

  CREATE TABLE IF NOT EXISTS peek_vortex.watched (
    relation oid PRIMARY KEY,
    start bigint NOT NULL
  );
  COMMENT ON COLUMN peek_vortex.watched.start IS 'The last start of the reader at which the table was watched';

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
      END IF;${countSql("NULL")}${recordSql("NULL")}
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
      END IF;${packSql}${recordSql("rows")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_rows() FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.note_replicated() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      number_unread bigint;
    BEGIN
      ${unlessRecordedSql}${countSql("NULL")}${recordSql("NULL")}
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
      ${unlessRecordedSql}${countSql("NULL")}
      SELECT count(*) INTO number FROM peek_vortex.change
        WHERE transaction = pg_current_xact_id() AND relation = TG_RELID;
      IF number < ${maxRows} AND number_unread <= ${maxUnreadWithRows} THEN
        IF TG_OP <> 'INSERT' THEN records := jsonb_build_array(textin(record_out(OLD))); END IF;
        IF TG_OP <> 'DELETE' THEN records := coalesce(records, '[]') || jsonb_build_array(textin(record_out(NEW))); END IF;
        IF pg_column_size(records) > ${maxRowBytes} THEN records := NULL; END IF;
      END IF;${packSql}${recordSql("rows")}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_replicated_rows() FROM PUBLIC;
`;
