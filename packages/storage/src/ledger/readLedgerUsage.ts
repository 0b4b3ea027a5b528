import type { LedgerUsage } from "@peek/plugin-base/internal";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { hasVortexLayout } from "../catalogue/VortexLayout.ts";
import { anonymousFactor, maxUserBytes, userQuota, userLetterQuota } from "./ledgerQuotas.ts";

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
 * Reads the size of the ledger of each plugin.
 *
 * @param lent A connection of the account that owns the database.
 * @throws PeekError as the connection.
 */
export async function readLedgerUsage(connection: PooledConnection): Promise<readonly LedgerUsage[]> {
  // Reading does not create the schema.
  if (!(await hasVortexLayout(connection))) return [];
  const rows = rowsSchema.parse((await connection.query(query)).rows);
  return [...Map.groupBy(rows, ({ plugin }) => plugin)].map(([plugin, owners]) => {
    const sum = (of: (row: Row) => number): number => owners.reduce((total, row) => total + of(row), 0);
    // Dead letters of an older Peek have no owner.
    const [fullest] = owners
      .filter(({ owner }) => owner !== "")
      .toSorted((a, b) => usedFractionOf(b) - usedFractionOf(a));
    return {
      plugin,
      clients: sum(({ clients }) => clients),
      lanes: sum(({ lanes }) => lanes),
      outcomeBytes: sum(({ outcomeBytes }) => outcomeBytes),
      deadLetters: sum(({ letters }) => letters),
      deadLetterBytes: sum(({ letterBytes }) => letterBytes),
      ...(fullest !== undefined && {
        fullest: { user: fullest.owner, percent: Math.round(100 * usedFractionOf(fullest)) },
      }),
    };
  });
}

/** The fraction of an owner's most used quota. */
function usedFractionOf({ owner, clients, lanes, outcomeBytes, letters, letterBytes }: Row): number {
  const factor = owner === "device:" ? anonymousFactor : 1;
  const parts = [
    clients / userQuota.clients,
    lanes / userQuota.lanes,
    outcomeBytes / maxUserBytes,
    letters / userLetterQuota.count,
    letterBytes / userLetterQuota.bytes,
  ];
  return Math.max(...parts) / factor;
}
