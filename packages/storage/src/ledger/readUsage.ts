import type { LedgerUsage } from "@peek/plugin-base/internal";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { hasVortexLayout } from "../catalogue/VortexLayout.ts";
import { anonymousFactor, mostUserBytes, userBounds, userLetters } from "./ledgerBounds.ts";

const query = `
  WITH
    lane AS (
      SELECT plugin, owner, count(*) AS lanes, sum(bytes) AS bytes FROM peek_vortex.action_lane GROUP BY 1, 2
    ),
    client AS (SELECT plugin, owner, count(*) AS clients FROM peek_vortex.action_client GROUP BY 1, 2),
    letter AS (
      SELECT plugin, owner, count(*) AS letters, sum(bytes) AS bytes FROM peek_vortex.dead_letter GROUP BY 1, 2
    )
  SELECT plugin, owner,
    coalesce(clients, 0)::float8 AS clients,
    coalesce(lanes, 0)::float8 AS lanes,
    coalesce(lane.bytes, 0)::float8 AS "outcomeBytes",
    coalesce(letters, 0)::float8 AS letters,
    coalesce(letter.bytes, 0)::float8 AS "letterBytes"
  FROM lane FULL JOIN client USING (plugin, owner) FULL JOIN letter USING (plugin, owner)
  ORDER BY plugin, owner`;

const rowsSchema = z.array(
  z.object({
    plugin: z.string(),
    owner: z.string(),
    clients: z.number(),
    lanes: z.number(),
    outcomeBytes: z.number(),
    letters: z.number(),
    letterBytes: z.number(),
  }),
);

type Row = z.infer<typeof rowsSchema>[number];

/**
 * How much is kept of the actions of each plugin.
 *
 * @param lent A connection of the account that owns the database.
 * @throws PeekError as the connection.
 */
export async function readUsage(lent: LentClient): Promise<readonly LedgerUsage[]> {
  // Whoever only looks makes nothing.
  if (!(await hasVortexLayout(lent))) return [];
  const rows = rowsSchema.parse((await lent.query(query)).rows);
  return [...Map.groupBy(rows, ({ plugin }) => plugin)].map(([plugin, owners]) => {
    const sum = (of: (row: Row) => number): number => owners.reduce((total, row) => total + of(row), 0);
    // Letters of an older Peek name nobody.
    const [fullest] = owners.filter(({ owner }) => owner !== "").toSorted((a, b) => fillOf(b) - fillOf(a));
    return {
      plugin,
      clients: sum(({ clients }) => clients),
      lanes: sum(({ lanes }) => lanes),
      outcomeBytes: sum(({ outcomeBytes }) => outcomeBytes),
      deadLetters: sum(({ letters }) => letters),
      deadLetterBytes: sum(({ letterBytes }) => letterBytes),
      ...(fullest !== undefined && {
        fullest: { user: fullest.owner, percent: Math.round(100 * fillOf(fullest)) },
      }),
    };
  });
}

/** How much of one of its bounds somebody uses, of the one that is used most. */
function fillOf({ owner, clients, lanes, outcomeBytes, letters, letterBytes }: Row): number {
  const factor = owner === "device:" ? anonymousFactor : 1;
  const parts = [
    clients / userBounds.clients,
    lanes / userBounds.lanes,
    outcomeBytes / mostUserBytes,
    letters / userLetters.count,
    letterBytes / userLetters.bytes,
  ];
  return Math.max(...parts) / factor;
}
