import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { anonymousFactor, maxUserBytes } from "./ledgerQuotas.ts";

/** The maximum number of rows that one transaction removes, so that each is short. */
const batchSize = 5000;

const countSchema = z.object({ count: z.number() });

/** Selects a batch of rows of a table, without those that are locked. */
function inBatch(table: string, which: string): string {
  return `ctid = ANY(ARRAY(
    SELECT ctid FROM peek_vortex.${table} AS old WHERE ${which} LIMIT ${batchSize} FOR UPDATE SKIP LOCKED
  ))`;
}

const outcomesSql = `
  WITH gone AS (
    DELETE FROM peek_vortex.action_outcome WHERE ${inBatch("action_outcome", "at < now() - interval '90 days'")}
    RETURNING 1
  )
  SELECT count(*)::int FROM gone`;

const lanesSql = `
  WITH
    gone AS (
      DELETE FROM peek_vortex.action_lane WHERE ${inBatch("action_lane", "used_at < now() - interval '1 year'")}
      RETURNING plugin, client, lane
    ),
    their_outcomes AS (
      DELETE FROM peek_vortex.action_outcome AS outcome USING gone
      WHERE outcome.plugin = gone.plugin AND outcome.client = gone.client AND outcome.lane = gone.lane
    )
  SELECT count(*)::int FROM gone`;

const clientsSql = `
  WITH gone AS (
    DELETE FROM peek_vortex.action_client WHERE ${inBatch(
      "action_client",
      `NOT EXISTS (
        SELECT FROM peek_vortex.action_lane AS lane WHERE lane.plugin = old.plugin AND lane.client = old.client
      )`,
    )}
    RETURNING 1
  )
  SELECT count(*)::int FROM gone`;

/**
 * Removes outcomes older than 90 days, and lanes and clients that were not used for a year. An action that a device
 * repeats after that is executed again.
 *
 * @param lent A connection of the account that owns the database, in no transaction.
 * @throws PeekError as the connection.
 */
export async function pruneLedger(connection: PooledConnection): Promise<void> {
  for (const text of [outcomesSql, lanesSql, clientsSql]) {
    let count: number = batchSize;
    while (count === batchSize) ({ count } = countSchema.parse((await connection.query(text)).rows[0]));
  }
}

const overQuotaSql = `
  SELECT plugin, owner FROM peek_vortex.action_lane GROUP BY plugin, owner
  HAVING sum(bytes) > ${maxUserBytes}::bigint * CASE WHEN owner = 'device:' THEN ${anonymousFactor} ELSE 1 END`;

// A lane that is locked keeps its old count, which is then too large until the next run.
const trimSql = `
  WITH
    newest AS (
      SELECT outcome.ctid AS id, octet_length(body) AS size,
        sum(octet_length(body)) OVER (ORDER BY at DESC, outcome.client, outcome.lane, sequence DESC) AS total
      FROM peek_vortex.action_outcome AS outcome JOIN peek_vortex.action_lane AS lane USING (plugin, client, lane)
      WHERE lane.plugin = $1 AND lane.owner = $2
    ),
    gone AS (
      DELETE FROM peek_vortex.action_outcome WHERE ctid = ANY(ARRAY(SELECT id FROM newest WHERE total > $3::bigint))
      RETURNING client, lane, octet_length(body) AS size
    ),
    freed AS (SELECT client, lane, sum(size) AS bytes FROM gone GROUP BY 1, 2),
    free AS (
      SELECT lane.client, lane.lane FROM peek_vortex.action_lane AS lane JOIN freed USING (client, lane)
      WHERE lane.plugin = $1 FOR UPDATE OF lane SKIP LOCKED
    )
  UPDATE peek_vortex.action_lane AS lane SET bytes = greatest(0, lane.bytes - freed.bytes)
  FROM freed JOIN free USING (client, lane)
  WHERE lane.plugin = $1 AND lane.client = freed.client AND lane.lane = freed.lane`;

const overQuotaSchema = z.array(z.object({ plugin: z.string(), owner: z.string() }));

/**
 * Removes the oldest outcomes of users that exceed their quota. The ledger still knows that the actions were executed.
 *
 * @param lent A connection of the account that owns the database, in no transaction.
 * @throws PeekError as the connection.
 */
export async function trimOutcomes(connection: PooledConnection): Promise<void> {
  for (const { plugin, owner } of overQuotaSchema.parse((await connection.query(overQuotaSql)).rows)) {
    const limit = maxUserBytes * (owner === "device:" ? anonymousFactor : 1);
    await connection.query(trimSql, [plugin, owner, Math.round(limit * 0.9)]);
  }
}
