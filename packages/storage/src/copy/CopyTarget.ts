import { escapeIdentifier } from "pg";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { readCatalogue } from "../catalogue/readCatalogue.ts";
import { copyRefused } from "./copyRefused.ts";

/** Numbers of ours among those of advisory locks in the same database; others are migrations'. */
const copyLock = "1885693283, 1";
/** The key in Peek's own tables that is there until all rows are: nobody else opens such a database. */
const mark = "copy_began_at";

const titlesSchema = z.array(z.object({ title: z.string() }));

/**
 * Makes sure that a database may be copied into, and marks it as one that is being copied into. What a copy that was
 * killed left there is removed. The connection holds a lock from then on.
 *
 * @param title The database, as messages name it.
 * @throws PeekError `STORAGE_COPY_REFUSED`; the database is as it was then.
 */
export async function claimTarget(lent: LentClient, title: string): Promise<void> {
  const { rows } = await lent.query(`SELECT pg_catalog.pg_try_advisory_lock(${copyLock}) AS taken`);
  if (rows[0]?.["taken"] !== true) {
    throw copyRefused(`Another peek storage copy is copying into ${title}. Wait until it has ended.`);
  }
  const rooms = [...((await readCatalogue(lent.client))?.rooms.keys() ?? [])];
  if (rooms.length > 0 && !(await isMarked(lent))) {
    throw copyRefused(
      `The database to copy to (${title}) is in use by Peek already: it has the schemas of ${rooms.join(", ")}. Name an empty database.`,
    );
  }
  await refuseOthers(lent, title);
  await removeRooms(lent);
  await lent.query(
    `INSERT INTO peek_platform.setting VALUES ('${mark}', now()::text) ON CONFLICT (key) DO UPDATE SET value = now()::text`,
  );
}

/** Ends what {@link claimTarget} began: to go into the transaction that makes the copy complete. */
export async function completeTarget(lent: LentClient): Promise<void> {
  await lent.query(`DELETE FROM peek_platform.setting WHERE key = '${mark}'`);
}

/**
 * Takes everything back that was made in a claimed database, which is empty then as it was before.
 *
 * @returns Whether the database is without a copy now; it is not when that had been completed.
 */
export async function abandonTarget(lent: LentClient): Promise<boolean> {
  if (!(await isMarked(lent))) return false;
  await removeRooms(lent);
  await lent.query("DROP SCHEMA peek_platform CASCADE");
  return true;
}

/**
 * Makes sure that no service of Peek works on a database.
 *
 * @throws PeekError `STORAGE_COPY_REFUSED` naming those that do.
 */
export async function refuseOthers(lent: LentClient, title: string): Promise<void> {
  const { rows } = await lent.query(
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

async function isMarked(lent: LentClient): Promise<boolean> {
  return (await readCatalogue(lent.client))?.copyBeganAt !== undefined;
}

/** Removes the schemas and roles that are recorded, and the ledger of what they executed. */
async function removeRooms(lent: LentClient): Promise<void> {
  const rooms = [...((await readCatalogue(lent.client))?.rooms.values() ?? [])];
  for (const { plugin, schema, role } of rooms) {
    // Each by itself: a thousand schemas are more than one transaction can hold locks for.
    await lent.query(`DROP SCHEMA IF EXISTS ${escapeIdentifier(schema)} CASCADE`);
    if (role !== undefined) await tryDropRole(lent, role);
    await lent.query("DELETE FROM peek_platform.migration WHERE plugin = $1", [plugin]);
    await lent.query("DELETE FROM peek_platform.plugin WHERE name = $1", [plugin]);
  }
  // When no table has its triggers any more.
  await lent.query("DROP SCHEMA IF EXISTS peek_vortex CASCADE");
}

async function tryDropRole(lent: LentClient, role: string): Promise<void> {
  const name = escapeIdentifier(role);
  try {
    await lent.query(`DROP OWNED BY ${name}; DROP ROLE IF EXISTS ${name}`);
  } catch (error) {
    // Gone already, or with something of its own in another database: the next room takes it over.
    if (lent.lost !== undefined) throw error;
  }
}
