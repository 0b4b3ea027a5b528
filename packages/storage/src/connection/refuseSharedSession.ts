import { PeekError } from "@peek/errors";
import type { ClientBase } from "pg";
import { z } from "zod";
import type { ConnectionPool } from "../access/ConnectionPool.ts";

const pidSchema = z.object({ pid: z.number() });

/**
 * Refuses a pooler between that lends a session of the server for one transaction only (PgBouncer's pool_mode =
 * transaction or statement): settings, advisory locks and notifications would be another client's.
 *
 * @param client A connection that is not in a transaction. A second one is taken for the comparison.
 * @throws PeekError `STORAGE_REFUSED`, or as the connections.
 */
export async function refuseSharedSession(pool: ConnectionPool, client: ClientBase): Promise<void> {
  const first = await pidOf(client);
  const second = await pool.use((lent) => pidOf(lent.client));
  if (first !== second) return;
  throw new PeekError(
    "STORAGE_REFUSED",
    "A connection pooler stands before the server of storage.connectUrl, and lends its sessions for single transactions: two connections of Peek have the same one. Set pool_mode = session for this database in the pooler, or name the server itself.",
  );
}

async function pidOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<Record<string, unknown>>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return pidSchema.parse(rows[0]).pid;
}
