import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ConnectionPool } from "../access/ConnectionPool.ts";

const pidSchema = z.object({ pid: z.number() });

/**
 * Refuses a pooler between that lends a session of the server for one transaction only (PgBouncer's pool_mode =
 * transaction or statement): settings, advisory locks and notifications would be another client's.
 *
 * @param pid The server's process of a connection that is open and in no transaction.
 * @throws PeekError `STORAGE_REFUSED`, or as the connections.
 */
export async function refuseSharedSession(pool: ConnectionPool, pid: number): Promise<void> {
  const { rows } = await pool.use((lent) => lent.query("SELECT pg_catalog.pg_backend_pid() AS pid"));
  if (pidSchema.parse(rows[0]).pid !== pid) return;
  throw new PeekError(
    "STORAGE_REFUSED",
    "A connection pooler stands before the server of storage.connectUrl, and lends its sessions for single transactions: two connections of Peek have the same one. Set pool_mode = session for this database in the pooler, or name the server itself.",
  );
}
