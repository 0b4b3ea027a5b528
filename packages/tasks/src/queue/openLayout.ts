import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import type { BossConnection } from "./BossConnection.ts";
import { layoutHash, layoutSql, layoutVersion, schema } from "./layoutSql.ts";

/** The schema version of the pg-boss release that this package pins. */
const bossVersion = 43;

/** How many times creating the schema is repeated after a race with another owner. */
const maxRaces = 5;

const versionsSchema = z.object({ boss: z.coerce.number(), ours: z.number(), hash: z.string().nullable() });

/**
 * Starts pg-boss, and creates or updates the schema. Several owners may do so at once.
 *
 * @throws PeekError `STORAGE_TOO_NEW`, or as the database.
 */
export async function openAsOwner(database: TaskDatabase, boss: PgBoss, connection: BossConnection): Promise<void> {
  const before = await versionsOf(database);
  for (let race = 1; ; race += 1) {
    try {
      await boss.start();
      break;
    } catch (error) {
      const explained = connection.explain(error) ?? error;
      if (race >= maxRaces || !isRace(explained)) throw explained;
    }
  }
  // Creating the indexes again would wait for all transactions that have queued tasks, and block others.
  if (before?.boss === bossVersion && before.hash === layoutHash) return;
  await database.query(layoutSql);
}

/**
 * Waits until logic has created the schema.
 *
 * @throws PeekError `STORAGE_TOO_NEW`; the reason of the signal.
 */
export async function openAsUser(
  database: TaskDatabase,
  { logger, signal, pollMs }: { readonly logger: Logger; readonly signal: AbortSignal; readonly pollMs: number },
): Promise<void> {
  for (let isLogged = false; ;) {
    if (await isReady(database)) return;
    if (!isLogged) logger.info("Waiting for logic to create the tables of the tasks in the database");
    isLogged = true;
    await delay(pollMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

async function isReady(database: TaskDatabase): Promise<boolean> {
  try {
    const versions = await versionsOf(database);
    return versions?.boss === bossVersion && versions.ours === layoutVersion;
  } catch (error) {
    if (PeekError.is(error) && error.code === "STORAGE_UNAVAILABLE") return false;
    throw error;
  }
}

/** The versions of the schema; undefined when it is missing or incomplete. */
async function versionsOf(database: TaskDatabase): Promise<z.output<typeof versionsSchema> | undefined> {
  const { rows } = await database.query(
    `SELECT to_regprocedure('${schema}.layout_version()') IS NOT NULL AND to_regclass('${schema}.version') IS NOT NULL AS there`,
  );
  if (rows[0]?.["there"] !== true) return undefined;
  const found = await database.query(
    `SELECT version AS boss, ${schema}.layout_version() AS ours,
      obj_description('${schema}.layout_version()'::regprocedure, 'pg_proc') AS hash FROM ${schema}.version`,
  );
  if (found.rows.length === 0) return undefined;
  const versions = versionsSchema.parse(found.rows[0]);
  if (versions.boss <= bossVersion && versions.ours <= layoutVersion) return versions;
  throw new PeekError(
    "STORAGE_TOO_NEW",
    `A newer Peek has used the tasks in the database: the schema ${schema} has layout ${versions.boss}.${versions.ours}, and this Peek knows ${bossVersion}.${layoutVersion}. Run that Peek or a newer one.`,
    { fields: { layout: versions.ours } },
  );
}

/** Whether another owner has created or migrated the schema at the same time. */
function isRace(error: unknown): boolean {
  if (!PeekError.is(error)) return false;
  return ["42710", "42P06", "42P07", "42723", "22012", "23505", "XX000"].includes(String(error.fields["sqlState"]));
}
