import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";

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
