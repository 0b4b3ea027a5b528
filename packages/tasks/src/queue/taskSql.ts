import { schema } from "./layoutSql.ts";

const job = `${schema}.job_common`;

const fetchRows = `
  UPDATE ${job} AS j SET
    state = 'active', started_on = now(), heartbeat_on = now(),
    retry_count = CASE WHEN j.started_on IS NOT NULL THEN j.retry_count + 1 ELSE j.retry_count END
  WHERE j.ctid = ANY (ARRAY(SELECT place FROM next))
  RETURNING j.id, j.retry_count, j.singleton_key, j.data, j.priority, j.created_on`;

/**
 * Fetches up to $2 tasks of queue $1, as pg-boss does. But the queue is a value, so that one plan serves all queues; and the update uses
 * the ctids of the locked rows, so that a wrong estimate, such as for a queue that was just filled, never reads the whole queue.
 */
export const fetchSql = `
  WITH next AS MATERIALIZED (
    SELECT j.ctid AS place FROM ${job} AS j
    WHERE j.name = $1 AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now()
    ORDER BY j.priority DESC, j.created_on
    LIMIT $2 FOR UPDATE SKIP LOCKED
  ) ${fetchRows}`;

/**
 * Fetches up to $2 tasks of the keyed queue $1: the first of each key, among up to $4 keys after $3. pg-boss's fetch reads all waiting
 * tasks each time; this skips from key to key.
 */
export const fetchKeyedSql = `
  WITH RECURSIVE keys AS (
    (SELECT h.singleton_key AS key FROM ${job} AS h
      WHERE h.name = $1 AND h.state < 'active' AND NOT h.blocked AND h.policy = 'key_strict_fifo' AND h.singleton_key > $3::text
      ORDER BY h.singleton_key LIMIT 1)
    UNION ALL
    SELECT (SELECT h.singleton_key FROM ${job} AS h
      WHERE h.name = $1 AND h.state < 'active' AND NOT h.blocked AND h.policy = 'key_strict_fifo' AND h.singleton_key > keys.key
      ORDER BY h.singleton_key LIMIT 1)
    FROM keys WHERE keys.key IS NOT NULL
  ), looked AS MATERIALIZED (
    SELECT key FROM keys WHERE key IS NOT NULL LIMIT $4
  ), heads AS MATERIALIZED (
    SELECT h.place FROM looked CROSS JOIN LATERAL (
      SELECT h.ctid AS place FROM ${job} AS h
      WHERE h.name = $1 AND h.singleton_key = looked.key AND h.state < 'active' AND NOT h.blocked
        AND h.policy = 'key_strict_fifo' AND h.start_after <= now()
        AND NOT EXISTS (
          SELECT FROM ${job} AS b
          WHERE b.name = $1 AND b.singleton_key = looked.key AND b.state IN ('active', 'retry', 'failed')
            AND b.policy = 'key_strict_fifo' AND b.id <> h.id
        )
      ORDER BY h.singleton_key, h.state DESC, h.created_on, h.id LIMIT 1
    ) AS h
  ), next AS MATERIALIZED (
    -- Checks the locked rows again; the casts keep the planner from using an index.
    SELECT j.ctid AS place FROM ${job} AS j
    WHERE j.ctid = ANY (ARRAY(SELECT place FROM heads)) AND j.state::text IN ('created', 'retry') AND j.start_after <= now()
    ORDER BY j.priority DESC, j.created_on, j.id
    LIMIT $2 FOR UPDATE SKIP LOCKED
  ), taken AS (${fetchRows})
  SELECT taken.*, NULL::text AS last_key FROM taken
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, max(key) FROM looked HAVING count(*) = $4`;

/** Settles tries of queue $1 by one statement, each with its outcome in $2. */
export const settleSql = `
  UPDATE ${job} AS j SET
    state = i.state::${schema}.job_state,
    completed_on = CASE WHEN i.state = 'retry' THEN NULL ELSE now() END,
    start_after = COALESCE(now() + i."delayMs" * interval '1 millisecond', j.start_after),
    heartbeat_on = NULL,
    policy = CASE WHEN i.state = 'failed' THEN NULL ELSE j.policy END,
    retry_limit = j.retry_limit + i.spared,
    output = COALESCE(i.output, j.output),
    data = CASE
      WHEN i.failures IS NOT NULL THEN jsonb_set(j.data, '{failures}', to_jsonb(i.failures))
      WHEN i.unbegun THEN jsonb_set(j.data, '{unbegun}', to_jsonb(COALESCE((j.data->>'unbegun')::integer, 0) + 1))
      ELSE j.data END
  FROM json_to_recordset($2::text::json) AS i (
    id uuid, retry integer, state text, "delayMs" double precision, spared integer, output jsonb,
    failures integer, unbegun boolean
  )
  WHERE j.name = $1 AND j.id = i.id AND j.retry_count = i.retry AND j.state = 'active'
  RETURNING j.id`;

/** Settles tries that are all done, the most frequent case: half the work of {@link settleSql} for the database. */
export const settleDoneSql = `
  UPDATE ${job} AS j SET state = 'completed', completed_on = now(), heartbeat_on = NULL,
    output = jsonb_build_object('output', i.output)
  FROM unnest($2::uuid[], $3::integer[], $4::text[]) AS i (id, retry, output)
  WHERE j.name = $1 AND j.id = i.id AND j.retry_count = i.retry AND j.state = 'active'
  RETURNING j.id`;

export const touchSql = `
  UPDATE ${job} AS j SET heartbeat_on = now()
  FROM unnest($2::uuid[], $3::integer[]) AS i (id, retry)
  WHERE j.name = $1 AND j.id = i.id AND j.retry_count = i.retry AND j.state = 'active'
  RETURNING j.id`;

/** LIMIT and ORDER BY make it one index lookup for each queue. */
export const dueSql = `
  SELECT q.name FROM unnest($1::text[]) AS q (name)
  CROSS JOIN LATERAL (
    SELECT FROM ${job} AS j
    WHERE j.name = q.name AND j.state < 'active' AND NOT j.blocked AND j.start_after <= now()
    ORDER BY j.priority DESC, j.created_on LIMIT 1
  ) AS first`;

export const cancelSql = `
  UPDATE ${job} SET state = 'cancelled', completed_on = now(), heartbeat_on = NULL
  WHERE name = $1 AND id = $2 AND state <= 'active' RETURNING id`;

/**
 * Queues up to 1,000 dead letters and cancelled tasks of queue $1 again: those with the ids $2 or all, with $3 allowed losses. Tasks
 * that ended after $4 were queued again by an earlier batch, and are left alone. Their state is `created`, not `retry`: only one task
 * of a key may be in that state.
 */
export const retrySql = `
  UPDATE ${job} AS j SET
    state = 'created', policy = q.policy, completed_on = NULL, output = NULL, start_after = now(), created_on = now(),
    retry_limit = j.retry_count + COALESCE((j.data->'retry'->>'tries')::integer, 1) + $3,
    data = jsonb_set(j.data, '{failures}', '0')
  FROM ${schema}.queue AS q
  WHERE q.name = $1 AND j.name = $1 AND j.id = ANY (ARRAY(
    SELECT o.id FROM ${job} AS o
    WHERE o.name = $1 AND ($2::uuid[] IS NULL OR o.id = ANY ($2)) AND (o.state = 'failed' OR o.state = 'cancelled')
      AND o.completed_on <= $4::timestamptz
    LIMIT 1000 FOR UPDATE SKIP LOCKED
  )) RETURNING 1 AS one`;

/** The tasks of a queue that can be queued again, the oldest first. */
export const retryableSql = `
  SELECT id FROM ${job} WHERE name = $1 AND ($2::uuid[] IS NULL OR id = ANY ($2)) AND (state = 'failed' OR state = 'cancelled')
  ORDER BY id`;

/** Deletes up to 5,000 tasks of queues $1 that meet a condition. */
export const dropSql = (which: string): string => `
  DELETE FROM ${job} AS j WHERE j.ctid = ANY (ARRAY(
    SELECT o.ctid FROM ${job} AS o WHERE o.name = ANY ($1) AND ${which} LIMIT 5000 FOR UPDATE SKIP LOCKED
  )) RETURNING 1 AS one`;
