import type { Logger } from "@peek/plugin-base";
import { migrationLockKeys } from "../catalogue/advisoryLocks.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";

/**
 * Runs work on a plugin's schema while no other process migrates it, on any machine. The lock belongs to the connection,
 * and ends with it.
 */
export async function withMigrationLock<T>(
  connection: PooledConnection,
  plugin: string,
  logger: Logger,
  work: () => Promise<T>,
): Promise<T> {
  const keys = migrationLockKeys(plugin);
  const { rows } = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${keys}) AS taken`);
  if (rows[0]?.["taken"] !== true) {
    logger.info("%s: another process is migrating it; waiting until it has finished", plugin);
    await connection.query(`SELECT pg_catalog.pg_advisory_lock(${keys})`);
  }
  try {
    return await work();
  } finally {
    if (connection.lost === undefined) await connection.query(`SELECT pg_catalog.pg_advisory_unlock(${keys})`);
  }
}
