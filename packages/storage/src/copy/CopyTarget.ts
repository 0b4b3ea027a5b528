import { escapeIdentifier } from "pg";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { lockKeys } from "../catalogue/advisoryLocks.ts";
import { readCatalogue } from "../catalogue/readCatalogue.ts";
import { copyRefused } from "./copyRefused.ts";

/** The key of the setting that marks a database with an unfinished copy: services refuse to open it. */
const mark = "copy_began_at";

const titlesSchema = z.array(z.object({ title: z.string() }));

/**
 * Makes sure that a database may be copied into, and marks it. Removes the remains of an interrupted copy. The connection
 * holds a lock from then on.
 *
 * @param title The database, as messages name it.
 * @throws PeekError `STORAGE_COPY_REFUSED`; the database is then unchanged.
 */
export async function claimTarget(connection: PooledConnection, title: string): Promise<void> {
  const { rows } = await connection.query(`SELECT pg_catalog.pg_try_advisory_lock(${lockKeys("copy")}) AS taken`);
  if (rows[0]?.["taken"] !== true) {
    throw copyRefused(`Another peek storage copy is copying into ${title}. Wait until it has finished.`);
  }
  const pluginSchemas = [...((await readCatalogue(connection.client))?.pluginSchemas.keys() ?? [])];
  if (pluginSchemas.length > 0 && !(await isMarked(connection))) {
    throw copyRefused(
      `The database to copy to (${title}) is in use by Peek already: it has the schemas of ${pluginSchemas.join(", ")}. Name an empty database.`,
    );
  }
  await requireNoServices(connection, title);
  await removeSchemas(connection);
  await connection.query(
    `INSERT INTO peek_platform.setting VALUES ('${mark}', now()::text) ON CONFLICT (key) DO UPDATE SET value = now()::text`,
  );
}

/** Removes the mark of {@link claimTarget}: the copy is complete. */
export async function completeTarget(connection: PooledConnection): Promise<void> {
  await connection.query(`DELETE FROM peek_platform.setting WHERE key = '${mark}'`);
}

/**
 * Removes everything from a claimed database, which is then empty as before.
 *
 * @returns Whether it did; it does nothing when the copy was completed.
 */
export async function abandonTarget(connection: PooledConnection): Promise<boolean> {
  if (!(await isMarked(connection))) return false;
  await removeSchemas(connection);
  await connection.query("DROP SCHEMA peek_platform CASCADE");
  return true;
}

/**
 * Makes sure that no service of Peek is connected to a database.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED` with the names of the services.
 */
export async function requireNoServices(connection: PooledConnection, title: string): Promise<void> {
  const { rows } = await connection.query(
    `SELECT DISTINCT application_name AS title FROM pg_catalog.pg_stat_activity
     WHERE datname = current_database() AND application_name ~ '^peek (logic|worker)( |$)'
     ORDER BY application_name`,
  );
  const titles = titlesSchema.parse(rows).map((row) => row.title);
  if (titles.length === 0) return;
  throw copyRefused(
    `Services are connected to ${title}: ${titles.join(", ")}. Rows that they write would not be copied. Stop logic and worker, on every machine, and try again.`,
  );
}

async function isMarked(connection: PooledConnection): Promise<boolean> {
  return (await readCatalogue(connection.client))?.copyBeganAt !== undefined;
}

/** Removes the plugins' schemas and roles, and the schema peek_vortex. */
async function removeSchemas(connection: PooledConnection): Promise<void> {
  const pluginSchemas = [...((await readCatalogue(connection.client))?.pluginSchemas.values() ?? [])];
  for (const { plugin, schema, role } of pluginSchemas) {
    // Each in its own transaction: a thousand schemas need more locks than one transaction can hold.
    await connection.query(`DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`);
    if (role !== undefined) await tryDropRole(connection, role);
    await connection.query("DELETE FROM peek_platform.migration WHERE plugin = $1", [plugin]);
    await connection.query("DELETE FROM peek_platform.plugin WHERE name = $1", [plugin]);
  }
  // At the end, when no table has triggers that use it.
  await connection.query("DROP SCHEMA IF EXISTS peek_vortex CASCADE");
}

async function tryDropRole(connection: PooledConnection, role: string): Promise<void> {
  const name = escapeIdentifier(role);
  try {
    await connection.query(`DROP OWNED BY ${name}; DROP ROLE IF EXISTS ${name}`);
  } catch (error) {
    // The role is gone already, or owns objects in another database: the next provisioning reuses it.
    if (connection.lost !== undefined) throw error;
  }
}
