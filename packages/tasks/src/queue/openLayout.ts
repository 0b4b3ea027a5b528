import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import type { BossConnection } from "./BossConnection.ts";
import { layoutHash, layoutSql, layoutVersion, schema } from "./layoutSql.ts";

/** The version of pg-boss's own tables, as the pg-boss has it that this package is pinned to. */
const bossVersion = 43;

/** How often another owner may come in between while the schema is made. */
const mostRaces = 5;

/** The pause between looks whether logic has made the schema; milliseconds. */
const pauseMs = 1000;

const versionsSchema = z.object({ boss: z.coerce.number(), ours: z.number(), hash: z.string().nullable() });

/**
 * Makes the schema or brings it up to date, and begins pg-boss's supervision and schedules. Several may do so at once.
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
      if (race >= mostRaces || !isRace(explained)) throw explained;
    }
  }
  // Made again, the indexes would wait for every transaction that has queued tasks, and all others for them.
  if (before?.boss === bossVersion && before.hash === layoutHash) return;
  await database.query(layoutSql);
}

/**
 * Waits until logic has made the schema.
 *
 * @throws PeekError `STORAGE_TOO_NEW`; what the signal was aborted with.
 */
export async function openAsUser(database: TaskDatabase, logger: Logger, signal: AbortSignal): Promise<void> {
  for (let told = false; ;) {
    if (await isReady(database)) return;
    if (!told) logger.info("Waiting for logic to prepare the tasks' tables in the database");
    told = true;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
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

/** Which versions the schema has; undefined where it is not there, or not yet all of it. */
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
    `The tasks in the database were last used by a newer Peek: the schema ${schema} has layout ${versions.boss}.${versions.ours}, and this Peek knows ${bossVersion}.${layoutVersion}. Run that Peek or a newer one.`,
    { fields: { layout: versions.ours } },
  );
}

/** Whether another owner has made or migrated the same in between. */
function isRace(error: unknown): boolean {
  if (!PeekError.is(error)) return false;
  return ["42710", "42P06", "42P07", "42723", "22012", "23505", "XX000"].includes(String(error.fields["sqlState"]));
}
