import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError } from "@peek/errors";
import { type ClientBase, DatabaseError, escapeIdentifier } from "pg";
import { lockKeys } from "../catalogue/advisoryLocks.ts";
import { readCatalogue } from "../catalogue/readCatalogue.ts";

/** How long to wait for the lock of a table that somebody else uses. In milliseconds. */
const lockTimeoutMs = 2000;

/**
 * Drops a plugin's schema with all its tables, its role, and the record of its migrations, in one transaction. A role that owns objects
 * elsewhere on the server, or that the account may not drop, is kept with a warning.
 *
 * @param client A connection of the account that owns the database.
 * @returns The name of the schema; undefined when the catalogue has none.
 * @throws PeekError `STORAGE_REFUSED` when the server refuses it or somebody uses a table for too long, and errors of `pg`; nothing was
 *   dropped then.
 */
export async function dropSchema(client: ClientBase, plugin: string, logger: Logger): Promise<string | undefined> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${lockTimeoutMs}`);
  try {
    await client.query(`SELECT pg_advisory_xact_lock(${lockKeys("provisioning")})`);
    const recorded = (await readCatalogue(client))?.pluginSchemas.get(plugin);
    if (recorded !== undefined) {
      const { schema, role } = recorded;
      await client.query(`DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`);
      await client.query("DELETE FROM peek_platform.migration WHERE plugin = $1", [plugin]);
      await client.query("DELETE FROM peek_platform.plugin WHERE name = $1", [plugin]);
      if (role !== undefined) await dropRole(client, role, logger);
    }
    await client.query("COMMIT");
    return recorded?.schema;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    if (!(error instanceof DatabaseError)) throw error;
    throw new PeekError(
      "STORAGE_REFUSED",
      `The tables of ${plugin} were not deleted: ${error.message}. None of them has changed. Try again when nobody uses them.`,
      { cause: error, fields: { plugin } },
    );
  }
}

async function dropRole(client: ClientBase, role: string, logger: Logger): Promise<void> {
  const name = escapeIdentifier(role);
  await client.query("SAVEPOINT role");
  try {
    await client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  } catch (error) {
    await client.query("ROLLBACK TO SAVEPOINT role");
    logger.warning("The role %s was kept: %s", role, messageOf(error));
  }
}
