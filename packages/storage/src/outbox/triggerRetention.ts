import { z } from "zod";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { tryDropTriggers } from "./changeTriggers.ts";

// The triggers of a table are kept until it was watched in neither of the reader's last two starts.
const unusedQuery = `
  SELECT relation, pg_catalog.format('%I.%I', nspname, relname) AS title
  FROM peek_vortex.watched
  LEFT JOIN (pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace)
    ON class.oid = relation
  WHERE start < $1::bigint - 1`;

const unusedSchema = z.array(z.object({ relation: z.number(), title: z.string() }));
const startSchema = z.object({ start: z.bigint() });

/** Counts a start of the reader. @returns The number of the start. */
export async function countReaderStart(pool: ConnectionPool): Promise<bigint> {
  return await pool.use(async (connection) => {
    const { rows } = await connection.query("UPDATE peek_vortex.reader SET start = start + 1 RETURNING start");
    return startSchema.parse(rows[0]).start;
  });
}

/** Records that tables are watched since the reader's last start: see {@link dropUnusedTriggers}. */
export async function recordWatched(connection: PooledConnection, relations: readonly number[]): Promise<void> {
  await connection.query(
    `INSERT INTO peek_vortex.watched (relation, start) SELECT unnest($1::oid[]), start FROM peek_vortex.reader
     ON CONFLICT (relation) DO UPDATE SET start = excluded.start`,
    [relations],
  );
}

/**
 * Drops the triggers of tables that were not watched since the reader's last start but one. A table that other
 * transactions write to keeps them until the next start.
 *
 * @param start The number of the present start.
 */
export async function dropUnusedTriggers(pool: ConnectionPool, start: bigint): Promise<void> {
  const { rows } = await pool.use((connection) => connection.query(unusedQuery, [start]));
  // A table that was dropped has an empty title.
  const unused = unusedSchema.parse(rows.filter((row) => row["title"] !== "."));
  const kept: number[] = [];
  for (const { relation, title } of unused) {
    if (!(await pool.use((connection) => tryDropTriggers(connection, title)))) kept.push(relation);
  }
  await pool.use((connection) =>
    connection.query("DELETE FROM peek_vortex.watched WHERE start < $1::bigint - 1 AND relation <> ALL($2::oid[])", [
      start,
      kept,
    ]),
  );
}
