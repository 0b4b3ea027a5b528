import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { anonymousFactor, mostUserBytes } from "./ledgerBounds.ts";

/** So many rows are removed in one transaction, so that none takes long, however much there is. */
const atOnce = 5000;

const countSchema = z.object({ count: z.number() });

/** The chosen rows of a table, less those that somebody is at. */
function chosen(table: string, which: string): string {
  return `ctid = ANY(ARRAY(
    SELECT ctid FROM peek_vortex.${table} AS old WHERE ${which} LIMIT ${atOnce} FOR UPDATE SKIP LOCKED
  ))`;
}

const outcomesSql = `
  WITH gone AS (
    DELETE FROM peek_vortex.action_outcome WHERE ${chosen("action_outcome", "at < now() - interval '90 days'")}
    RETURNING 1
  )
  SELECT count(*)::int FROM gone`;

const lanesSql = `
  WITH
    gone AS (
      DELETE FROM peek_vortex.action_lane WHERE ${chosen("action_lane", "used_at < now() - interval '1 year'")}
      RETURNING plugin, client, lane
    ),
    their_outcomes AS (
      DELETE FROM peek_vortex.action_outcome AS outcome USING gone
      WHERE outcome.plugin = gone.plugin AND outcome.client = gone.client AND outcome.lane = gone.lane
    )
  SELECT count(*)::int FROM gone`;

const clientsSql = `
  WITH gone AS (
    DELETE FROM peek_vortex.action_client WHERE ${chosen(
      "action_client",
      `NOT EXISTS (
        SELECT FROM peek_vortex.action_lane AS lane WHERE lane.plugin = old.plugin AND lane.client = old.client
      )`,
    )}
    RETURNING 1
  )
  SELECT count(*)::int FROM gone`;

/**
 * Removes what nobody will ask for: outcomes older than 90 days, and the lanes and clients that were not used for a
 * year. What a device pushes again after that is executed again.
 *
 * @param lent A connection of the account that owns the database, in no transaction.
 * @throws PeekError as the connection.
 */
export async function pruneLedger(lent: LentClient): Promise<void> {
  for (const text of [outcomesSql, lanesSql, clientsSql]) {
    let count: number = atOnce;
    while (count === atOnce) ({ count } = countSchema.parse((await lent.query(text)).rows[0]));
  }
}

const fullSql = `
  SELECT plugin, owner FROM peek_vortex.action_lane GROUP BY plugin, owner
  HAVING sum(bytes) > ${mostUserBytes}::bigint * CASE WHEN owner = 'device:' THEN ${anonymousFactor} ELSE 1 END`;

// A lane that somebody is at keeps a larger number than it has, and is counted the next time.
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

const fullSchema = z.array(z.object({ plugin: z.string(), owner: z.string() }));

/**
 * Removes the oldest outcomes of users of whom more is kept than may be. That they were executed stays known.
 *
 * @param lent A connection of the account that owns the database, in no transaction.
 * @throws PeekError as the connection.
 */
export async function trimOutcomes(lent: LentClient): Promise<void> {
  for (const { plugin, owner } of fullSchema.parse((await lent.query(fullSql)).rows)) {
    const most = mostUserBytes * (owner === "device:" ? anonymousFactor : 1);
    await lent.query(trimSql, [plugin, owner, Math.round(most * 0.9)]);
  }
}
