import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ConnectionPool } from "./ConnectionPool.ts";

const pidSchema = z.object({ pid: z.number() });

/**
 * Rejects a connection pooler that assigns a server session per transaction (PgBouncer's pool_mode = transaction or
 * statement): settings, advisory locks and notifications would reach another client's session.
 *
 * @param pid The server process of a connection that is open and in no transaction.
 * @throws PeekError `STORAGE_REFUSED`, or as the connections.
 */
export async function rejectTransactionPooler(pool: ConnectionPool, pid: number): Promise<void> {
  const { rows } = await pool.use((connection) => connection.query("SELECT pg_catalog.pg_backend_pid() AS pid"));
  if (pidSchema.parse(rows[0]).pid !== pid) return;
  throw new PeekError(
    "STORAGE_REFUSED",
    "Between Peek and the server of storage.connectUrl is a connection pooler that assigns sessions per transaction: two connections of Peek share one session. Set pool_mode = session for this database in the pooler, or name the server itself in storage.connectUrl.",
  );
}
