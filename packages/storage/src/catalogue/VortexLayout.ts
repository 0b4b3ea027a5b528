import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { outboxLayoutSql } from "../outbox/outboxLayoutSql.ts";
import { ledgerLayoutSql } from "../ledger/ledgerLayoutSql.ts";
import { lockKeys } from "./advisoryLocks.ts";

/** The version of the layout of the schema peek_vortex that this code works with. */
const layoutVersion = 4;

/** Acquires the lock for creating objects in peek_vortex, until the transaction ends. */
export const layoutLockSql = `SELECT pg_catalog.pg_advisory_xact_lock(${lockKeys("layout")});`;

/** Tries to acquire the lock for removing changes that were read, until the connection ends. */
export const cleanupLockSql = `SELECT pg_catalog.pg_try_advisory_lock(${lockKeys("outboxCleanup")}) AS taken`;

const layoutSql = `
  CREATE SCHEMA IF NOT EXISTS peek_vortex;
  GRANT USAGE ON SCHEMA peek_vortex TO PUBLIC;
  CREATE TABLE IF NOT EXISTS peek_vortex.layout (only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), version integer NOT NULL);
  ${outboxLayoutSql}
  ${ledgerLayoutSql}
  INSERT INTO peek_vortex.layout (version) VALUES (${layoutVersion})
    ON CONFLICT (only_one) DO UPDATE SET version = excluded.version;
`;

const rowSchema = z.object({ version: z.number() });

/**
 * The schema peek_vortex, with the outbox of changes and the ledger of actions. It is created, or upgraded from an older
 * Peek's, on first use.
 */
export class VortexLayout {
  readonly #pool: ConnectionPool;
  #created: Promise<void> | undefined;

  /** @param pool Connections of the account that owns the database. */
  constructor(pool: ConnectionPool) {
    this.#pool = pool;
  }

  /**
   * Creates or upgrades the schema. After the first success, it does nothing.
   *
   * @throws PeekError `STORAGE_TOO_NEW`, or as the pool.
   */
  create(): Promise<void> {
    this.#created ??= this.#create().catch((error: unknown) => {
      this.#created = undefined;
      throw error;
    });
    return this.#created;
  }

  async #create(): Promise<void> {
    await this.#pool.use((connection) => createVortexLayout(connection));
  }
}

/**
 * Creates the schema peek_vortex, or upgrades an older one.
 *
 * @param lent A connection of the account that owns the database.
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function createVortexLayout(connection: PooledConnection): Promise<void> {
  if (await hasVortexLayout(connection)) return;
  try {
    await connection.query(`BEGIN; ${layoutLockSql}`);
    // Another process may have created it while this one waited for the lock.
    if (!(await hasVortexLayout(connection))) await connection.query(layoutSql);
    await connection.query("COMMIT");
  } catch (error) {
    if (connection.lost === undefined) await connection.query("ROLLBACK");
    throw error;
  }
}

/**
 * Reads the layout version of the schema peek_vortex; 0 where there is none yet.
 *
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function readVortexLayoutVersion(connection: PooledConnection): Promise<number> {
  return rejectNewer(await versionIn(connection));
}

/**
 * Whether the schema peek_vortex exists in the current layout version.
 *
 * @throws PeekError `STORAGE_TOO_NEW`, or as the connection.
 */
export async function hasVortexLayout(connection: PooledConnection): Promise<boolean> {
  return (await readVortexLayoutVersion(connection)) === layoutVersion;
}

async function versionIn(connection: PooledConnection): Promise<number> {
  // Not to_regclass(), which may cache within a transaction that the table does not exist.
  const { rows: tables } = await connection.query(
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_tables WHERE schemaname = 'peek_vortex' AND tablename = 'layout') AS found",
  );
  if (tables[0]?.["found"] !== true) return 0;
  const { rows } = await connection.query("SELECT version FROM peek_vortex.layout");
  return rows.length === 0 ? 0 : rowSchema.parse(rows[0]).version;
}

function rejectNewer(version: number): number {
  if (version <= layoutVersion) return version;
  throw new PeekError(
    "STORAGE_TOO_NEW",
    `The database was last used by a newer Peek: its schema peek_vortex has layout ${version}, and this version of Peek supports up to ${layoutVersion}. Run that version of Peek or a newer one.`,
    { fields: { layout: version } },
  );
}
