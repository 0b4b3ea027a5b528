import { createHash } from "node:crypto";
import { lostError } from "./taskRows.ts";

/** The schema of the tasks. */
export const schema = "peek_tasks";

/** The version of Peek's additions to pg-boss's schema. */
export const layoutVersion = 1;

/** How long a waiting task is kept: in effect for ever. */
export const retentionSeconds = 50 * 365 * 24 * 60 * 60;

/**
 * Peek's additions to pg-boss's tables. All queues are in the table job_common: no queue of Peek's is partitioned.
 *
 * Functions insert the tasks, and not pg-boss's own statement: a plugin's role may call only these, for the queues of its plugin; for a
 * singleton key, they find the id of the existing task without a race; and pg-boss's statement silently drops conflicting tasks.
 */
const makeSql = `
  SELECT pg_advisory_xact_lock(hashtextextended('${schema}', 0));

  -- Running tasks: to find the lost ones and to count them without reading the others.
  CREATE INDEX IF NOT EXISTS job_peek_active ON ${schema}.job_common (name) WHERE state = 'active';
  CREATE INDEX IF NOT EXISTS job_peek_letters ON ${schema}.job_common (name, id) WHERE state = 'failed';
  CREATE INDEX IF NOT EXISTS job_peek_cancelled ON ${schema}.job_common (name, id) WHERE state = 'cancelled';
  CREATE INDEX IF NOT EXISTS job_peek_key ON ${schema}.job_common (name, singleton_key, id) WHERE singleton_key IS NOT NULL;
  -- Old tasks to delete. No BRIN index: once the space of deleted rows is reused, it matches every block.
  CREATE INDEX IF NOT EXISTS job_peek_over ON ${schema}.job_common (state, completed_on) WHERE state > 'active';
  ALTER TABLE ${schema}.job_common SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

  CREATE OR REPLACE FUNCTION ${schema}.require_plugin(of_queue text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    BEGIN
      IF session_user <> current_user AND NOT EXISTS (
        SELECT FROM peek_platform.plugin WHERE name = split_part(of_queue, '.', 1) AND role = session_user
      ) THEN
        RAISE insufficient_privilege USING MESSAGE = format('the queue %s is not one of %s', of_queue, session_user);
      END IF;
    END
  $peek$;

  CREATE OR REPLACE FUNCTION ${schema}.enqueue(of_queue text, requests json) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    BEGIN
      IF session_user <> current_user THEN PERFORM ${schema}.require_plugin(of_queue); END IF;
      ${insertSql()}
      IF NOT FOUND THEN PERFORM ${schema}.require_queue(of_queue); END IF;
    END
  $peek$;

  CREATE OR REPLACE FUNCTION ${schema}.enqueue_single(of_queue text, requests json) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      found_id uuid;
      of_key text := requests->0->>'key';
    BEGIN
      IF session_user <> current_user THEN PERFORM ${schema}.require_plugin(of_queue); END IF;
      PERFORM ${schema}.require_queue(of_queue);
      LOOP
        ${insertSql("RETURNING id INTO found_id")}
        IF FOUND THEN RETURN found_id; END IF;
        SELECT j.id INTO found_id FROM ${schema}.job_common AS j
          WHERE j.name = of_queue AND COALESCE(j.singleton_key, '') = COALESCE(of_key, '')
            AND j.state <= 'active' AND j.policy = 'exclusive';
        IF FOUND THEN RETURN found_id; END IF;
        -- The other task has ended in between; or this very task was queued before and has ended.
        SELECT j.id INTO found_id FROM ${schema}.job_common AS j
          WHERE j.name = of_queue AND j.id = (requests->0->>'id')::uuid;
        IF FOUND THEN RETURN found_id; END IF;
      END LOOP;
    END
  $peek$;

  CREATE OR REPLACE FUNCTION ${schema}.require_queue(of_queue text) RETURNS void
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    BEGIN
      IF NOT EXISTS (SELECT FROM ${schema}.queue WHERE name = of_queue) THEN
        RAISE undefined_object USING MESSAGE = format('there is no queue %s', of_queue);
      END IF;
    END
  $peek$;

  CREATE TABLE IF NOT EXISTS ${schema}.schedule_state (
    name text NOT NULL,
    key text NOT NULL,
    done timestamptz NOT NULL DEFAULT '-infinity',
    paused boolean NOT NULL DEFAULT false,
    left_out bigint NOT NULL DEFAULT 0,
    queued uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (name, key),
    FOREIGN KEY (name, key) REFERENCES ${schema}.schedule (name, key) ON DELETE CASCADE
  );
  COMMENT ON COLUMN ${schema}.schedule_state.done IS 'All times up to this one were queued or skipped';
  COMMENT ON COLUMN ${schema}.schedule_state.queued IS 'The tasks of the schedule that were waiting when the last one was queued';

  -- When two logic services queue the same time, the second one finds it done.
  CREATE OR REPLACE FUNCTION ${schema}.enqueue_scheduled(
    of_queue text, of_schedule text, of_time timestamptz, requests json, most_waiting integer
  ) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $peek$
    DECLARE
      known record;
      waiting uuid[];
      new_id uuid := (requests->0->>'id')::uuid;
    BEGIN
      INSERT INTO ${schema}.schedule_state (name, key) VALUES (of_queue, of_schedule) ON CONFLICT DO NOTHING;
      SELECT * INTO STRICT known FROM ${schema}.schedule_state AS s WHERE s.name = of_queue AND s.key = of_schedule FOR UPDATE;
      -- A time in the future was recorded before the clock was put back.
      IF known.paused OR (known.done >= of_time AND known.done <= now()) THEN RETURN 'done'; END IF;
      waiting := ARRAY(
        SELECT j.id FROM ${schema}.job_common AS j
        WHERE j.name = of_queue AND j.id = ANY(known.queued) AND j.state < 'active'
      );
      IF cardinality(waiting) >= most_waiting THEN
        UPDATE ${schema}.schedule_state AS s SET done = of_time, queued = waiting, left_out = s.left_out + 1
          WHERE s.name = of_queue AND s.key = of_schedule;
        RETURN 'left out';
      END IF;
      IF EXISTS (SELECT FROM ${schema}.queue AS q WHERE q.name = of_queue AND q.policy = 'exclusive') THEN
        new_id := ${schema}.enqueue_single(of_queue, requests);
      ELSE
        PERFORM ${schema}.enqueue(of_queue, requests);
      END IF;
      UPDATE ${schema}.schedule_state AS s SET done = of_time, queued = array_append(waiting, new_id)
        WHERE s.name = of_queue AND s.key = of_schedule;
      RETURN 'queued';
    EXCEPTION WHEN foreign_key_violation THEN
      -- The schedule was removed in between.
      RETURN 'done';
    END
  $peek$;

  CREATE OR REPLACE FUNCTION ${schema}.layout_version() RETURNS integer
  LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS 'SELECT ${layoutVersion}';

  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${schema} FROM PUBLIC;
  GRANT USAGE ON SCHEMA ${schema} TO PUBLIC;
  GRANT EXECUTE ON FUNCTION ${schema}.enqueue(text, json), ${schema}.enqueue_single(text, json) TO PUBLIC;
`;

/** Identifies these additions, to detect whether the database has all of them. */
export const layoutHash = createHash("sha256").update(makeSql).digest("hex");

/** Creates or updates the additions. */
export const layoutSql = `${makeSql}
  COMMENT ON FUNCTION ${schema}.layout_version() IS '${layoutHash}';
`;

/**
 * A task that is inserted twice with the same id, because the first answer was lost, exists once. Its time is that of the statement:
 * with the time of a long transaction, it would come before tasks that were queued earlier.
 */
function insertSql(returning = ""): string {
  return `
      INSERT INTO ${schema}.job_common (
        id, name, data, priority, retry_limit, start_after, created_on, singleton_key, expire_seconds, deletion_seconds,
        keep_until, policy, heartbeat_seconds
      )
      SELECT r.id, q.name, r.data, r.priority, r.takes, t.start_after, statement_timestamp(), r.key, r.expire, q.deletion_seconds,
        t.start_after + q.retention_seconds * interval '1 second', q.policy, q.heartbeat_seconds
      FROM json_to_recordset(requests) AS r (
        id uuid, data jsonb, priority integer, takes integer, after timestamptz, "delayMs" double precision, key text, expire integer
      )
      CROSS JOIN LATERAL (
        SELECT COALESCE(r.after, statement_timestamp() + COALESCE(r."delayMs", 0) * interval '1 millisecond') AS start_after
      ) AS t
      JOIN ${schema}.queue AS q ON q.name = of_queue
      ON CONFLICT DO NOTHING ${returning};`;
}

/**
 * Makes lost tasks due again. Tasks that were lost too often fail, and release their key. While the server was down, no worker could
 * send heartbeats: their time starts anew with the server.
 */
export const sweepSql = `
  WITH lost AS (
    SELECT j.name, j.id FROM ${schema}.job_common AS j
    WHERE j.state = 'active' AND (
      GREATEST(j.heartbeat_on, pg_postmaster_start_time()) + j.heartbeat_seconds * interval '1 second' < now()
      OR j.started_on + j.expire_seconds * interval '1 second' < now()
    )
    LIMIT 10000 FOR UPDATE SKIP LOCKED
  )
  UPDATE ${schema}.job_common AS j SET
    state = CASE WHEN j.retry_count < j.retry_limit THEN 'retry' ELSE 'failed' END::${schema}.job_state,
    policy = CASE WHEN j.retry_count < j.retry_limit THEN j.policy END,
    completed_on = CASE WHEN j.retry_count < j.retry_limit THEN NULL ELSE now() END,
    start_after = now(),
    heartbeat_on = NULL,
    output = '${JSON.stringify({ error: lostError }).replaceAll("'", "''")}'::jsonb
  FROM lost WHERE j.name = lost.name AND j.id = lost.id
  RETURNING j.name, j.id, j.state::text AS state`;

/**
 * Adjusts the tasks after the clock of the database was set by $1 milliseconds: delays keep their length, and running tasks are not
 * lost. A task with a calendar time starts at that time.
 */
export const clockStepSql = `
  UPDATE ${schema}.job_common AS j SET
    start_after = CASE WHEN j.state < 'active' THEN j.start_after + step.length ELSE j.start_after END,
    started_on = CASE WHEN j.state = 'active' THEN j.started_on + step.length ELSE j.started_on END,
    heartbeat_on = CASE WHEN j.state = 'active' THEN now() ELSE j.heartbeat_on END
  FROM (SELECT $1 * interval '1 millisecond' AS length) AS step
  WHERE j.state = 'active'
    OR (
      j.state < 'active' AND j.start_after > LEAST(now(), now() - step.length)
      -- Tasks that were queued since the clock was set are correct already.
      AND (j.state = 'retry' OR j.data ? 'delayed' AND (j.created_on > now() - GREATEST(step.length, interval '0')) = ($1 < 0))
    )
  RETURNING 1 AS one`;

/** Deletes up to $3 tasks that ended in state $1 more than $2 seconds ago. */
export const pruneSql = `
  DELETE FROM ${schema}.job_common AS j WHERE j.ctid = ANY (ARRAY(
    SELECT o.ctid FROM ${schema}.job_common AS o
    WHERE o.state > 'active' AND o.state = $1::${schema}.job_state AND o.completed_on < now() - $2 * interval '1 second'
    ORDER BY o.completed_on LIMIT $3 FOR UPDATE SKIP LOCKED
  )) RETURNING 1 AS one`;
