import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { LentClient } from "../access/LentClient.ts";
import { changesLayoutSql } from "../changes/changesLayoutSql.ts";
import { ledgerLayoutSql } from "../ledger/ledgerLayoutSql.ts";
import { lockSpace } from "../room/makeRooms.ts";

/** The layout of the schema peek_vortex that this version works with. */
const layoutVersion = 4;
/** Of our advisory locks, that of whoever makes something in peek_vortex. */
const vortexLock = 2;
/** And that of the reader that removes what was read. */
const removerLock = 3;

/** Waits until nobody else makes something in peek_vortex, and keeps others from it until the transaction ends. */
export const vortexLockSql = `SELECT pg_catalog.pg_advisory_xact_lock(${lockSpace}, ${vortexLock});`;

/** Tries to become the one who removes what was read, as long as the connection lasts. */
export const removerLockSql = `SELECT pg_catalog.pg_try_advisory_lock(${lockSpace}, ${removerLock}) AS taken`;

const layoutSql = `
  CREATE SCHEMA IF NOT EXISTS peek_vortex;
  GRANT USAGE ON SCHEMA peek_vortex TO PUBLIC;
  CREATE TABLE IF NOT EXISTS peek_vortex.layout (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), version integer NOT NULL);
  ${changesLayoutSql}
  ${ledgerLayoutSql}
  INSERT INTO peek_vortex.layout (version) VALUES (${layoutVersion})
    ON CONFLICT (only_one) DO UPDATE SET version = excluded.version;
`;

const rowSchema = z.object({ version: z.number() });

/**
 * The schema peek_vortex: what is followed, and what has been executed. Databases get it when it is first needed, also
 * those that an older Peek has made.
 */
export class VortexLayout {
  readonly #pool: ConnectionPool;
  #made: Promise<void> | undefined;

  /** @param pool Connections of the account that owns the database. */
  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  /**
   * Makes what is missing; once, when that went well.
   *
   * @throws PeekError `STORAGE_TOO_NEW`, or as the pool.
   */
  make(): Promise<void> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  async #make(): Promise<void> {
    await this.#pool.use((lent) => makeVortexLayout(lent));
  }
}

/**
 * Makes the schema peek_vortex, or what an older version's lacks.
 *
 * @param lent A connection of the account that owns the database.
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function makeVortexLayout(lent: LentClient): Promise<void> {
  if (await hasVortexLayout(lent)) return;
  try {
    await lent.query(`BEGIN; ${vortexLockSql}`);
    // Another may have been here while the lock was waited for.
    if (!(await hasVortexLayout(lent))) await lent.query(layoutSql);
    await lent.query("COMMIT");
  } catch (error) {
    if (lent.lost === undefined) await lent.query("ROLLBACK");
    throw error;
  }
}

/**
 * Which layout the schema peek_vortex has; 0 where nothing is made yet.
 *
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function vortexLayoutOf(lent: LentClient): Promise<number> {
  return refuseNewer(await versionIn(lent));
}

/**
 * Whether the schema peek_vortex is there, as this version works with it.
 *
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function hasVortexLayout(lent: LentClient): Promise<boolean> {
  return (await vortexLayoutOf(lent)) === layoutVersion;
}

async function versionIn(lent: LentClient): Promise<number> {
  // Not to_regclass(), which may remember in a transaction that there was none.
  const { rows: found } = await lent.query(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'peek_vortex' AND tablename = 'layout') AS there",
  );
  if (found[0]?.["there"] !== true) return 0;
  const { rows } = await lent.query("SELECT version FROM peek_vortex.layout");
  return rows.length === 0 ? 0 : rowSchema.parse(rows[0]).version;
}

function refuseNewer(version: number): number {
  if (version <= layoutVersion) return version;
  throw new PeekError(
    "STORAGE_TOO_NEW",
    `The database was last used by a newer Peek: its schema peek_vortex has layout ${version}, and this Peek knows ${layoutVersion}. Run that Peek or a newer one.`,
    { fields: { layout: version } },
  );
}
