/** What a trigger's statement may have touched at most for its rows to be told. */
const mostRows = 100;
/** How large those rows may be together; bytes, as PostgreSQL keeps them. */
const mostRowBytes = 128 * 1024;
/** The reader says that it is there this often; milliseconds. */
export const beatMs = 10_000;
/** So long after the reader last said that it is there, nothing is written for it any more; milliseconds. */
export const absentMs = 60_000;
/** What the reader listens to while it sleeps. */
export const channel = "peek_vortex_change";

/** A transaction never sees an older state than that of its own beginning, of which `now()` is the time. */
const lookSql = `SELECT asleep INTO is_asleep FROM peek_vortex.reader WHERE beat > now() - interval '${absentMs} ms';`;
const wakeSql = `IF is_asleep THEN PERFORM pg_notify('${channel}', ''); END IF;`;

/**
 * What has been committed to tables that are watched, and who reads it.
 *
 * Of a change, the transaction is kept: a reader that remembers which transactions had ended when it last looked knows
 * those that have ended since, in whatever order they were begun or committed.
 *
 * A row is not made by the function that may write it: to_jsonb runs code that the owner of a table may have written.
 */
export const changesLayoutSql = `
  CREATE TABLE IF NOT EXISTS peek_vortex.reader (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    asleep boolean NOT NULL DEFAULT true,
    beat timestamptz NOT NULL DEFAULT '-infinity',
    start bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 20);
  COMMENT ON COLUMN peek_vortex.reader.asleep IS 'Whether it wants to be notified of changes; else it looks by itself';
  COMMENT ON COLUMN peek_vortex.reader.beat IS 'When it was last there';
  COMMENT ON COLUMN peek_vortex.reader.start IS 'How often logic has begun to follow changes';
  INSERT INTO peek_vortex.reader DEFAULT VALUES ON CONFLICT DO NOTHING;

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

  CREATE OR REPLACE FUNCTION peek_vortex.note(relation oid, operation text, rows jsonb) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      is_asleep boolean;
    BEGIN
      IF pg_trigger_depth() = 0 THEN
        RAISE insufficient_privilege USING MESSAGE = 'changes are noted by triggers only';
      END IF;
      ${lookSql}
      IF NOT FOUND THEN RETURN; END IF;
      INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), relation, operation, rows);
      ${wakeSql}
    END
  $peek$;

  CREATE OR REPLACE FUNCTION peek_vortex.note_statement() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      is_asleep boolean;
    BEGIN
      IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (SELECT FROM peek_new) THEN RETURN NULL; END IF;
      ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM peek_old) THEN RETURN NULL; END IF;
      END IF;
      ${lookSql}
      IF NOT FOUND THEN RETURN NULL; END IF;
      INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), TG_RELID, TG_OP, NULL);
      ${wakeSql}
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_statement() FROM PUBLIC;

  CREATE OR REPLACE FUNCTION peek_vortex.note_rows() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      number bigint;
      bytes bigint;
      rows jsonb;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        SELECT count(*), sum(pg_column_size(each)) INTO number, bytes
          FROM (SELECT peek_new AS each FROM peek_new LIMIT ${mostRows + 1}) AS few;
        IF number <= ${mostRows} AND bytes <= ${mostRowBytes} THEN
          SELECT jsonb_agg(to_jsonb(each)) INTO rows FROM peek_new AS each;
        END IF;
      ELSIF TG_OP = 'DELETE' THEN
        SELECT count(*), sum(pg_column_size(each)) INTO number, bytes
          FROM (SELECT peek_old AS each FROM peek_old LIMIT ${mostRows + 1}) AS few;
        IF number <= ${mostRows} AND bytes <= ${mostRowBytes} THEN
          SELECT jsonb_agg(to_jsonb(each)) INTO rows FROM peek_old AS each;
        END IF;
      ELSE
        SELECT count(*), sum(pg_column_size(each)) INTO number, bytes
          FROM (SELECT peek_new AS each FROM peek_new LIMIT ${mostRows + 1}) AS few;
        IF number <= ${mostRows} AND bytes <= ${mostRowBytes} THEN
          SELECT jsonb_agg(each) INTO rows FROM (
            SELECT to_jsonb(peek_old) AS each FROM peek_old UNION ALL SELECT to_jsonb(peek_new) FROM peek_new
          ) AS both_sides;
        END IF;
      END IF;
      IF number = 0 THEN RETURN NULL; END IF;
      IF pg_column_size(rows) > ${4 * mostRowBytes} THEN rows := NULL; END IF;
      PERFORM peek_vortex.note(TG_RELID, TG_OP, rows);
      RETURN NULL;
    END
  $peek$;
  REVOKE EXECUTE ON FUNCTION peek_vortex.note_rows() FROM PUBLIC;
`;
