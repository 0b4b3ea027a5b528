import { createHash } from "node:crypto";
import type { Logger } from "@peek/plugin-base";
import type { LentClient } from "../access/LentClient.ts";
import { lockSpace } from "../room/makeRooms.ts";

/**
 * Does work on a plugin's schema while nobody else does, on any machine. The lock is the connection's: it is gone with
 * that, whatever becomes of the process.
 */
export async function underMigrationLock<T>(
  lent: LentClient,
  plugin: string,
  logger: Logger,
  work: () => Promise<T>,
): Promise<T> {
  const keys = `${lockSpace}, ${lockKeyOf(plugin)}`;
  const { rows } = await lent.query(`SELECT pg_catalog.pg_try_advisory_lock(${keys}) AS taken`);
  if (rows[0]?.["taken"] !== true) {
    logger.info("%s: another process is migrating it; waiting for that", plugin);
    await lent.query(`SELECT pg_catalog.pg_advisory_lock(${keys})`);
  }
  try {
    return await work();
  } finally {
    if (lent.lost === undefined) await lent.query(`SELECT pg_catalog.pg_advisory_unlock(${keys})`);
  }
}

/** A number for the plugin, of 32 bits; 0 is another lock's. */
function lockKeyOf(plugin: string): number {
  return createHash("sha256").update(plugin).digest().readInt32BE() || 1;
}
