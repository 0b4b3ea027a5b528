import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { escapeIdentifier } from "pg";
import { z } from "zod";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import type { LentClient } from "../access/LentClient.ts";
import { vortexLockSql } from "../catalogue/VortexLayout.ts";
import {
  findTables,
  type FoundTable,
  isNoted,
  notesRows,
  operations,
  replicatedTrigger,
  triggerNames,
} from "./findTables.ts";
import { type Place, placeOf } from "./Watchers.ts";
import { whyUnwatchable } from "./whyUnwatchable.ts";

/** What is to be watched. */
export interface WatchedTables {
  readonly plugin: string;
  readonly schema: string;
  readonly tables: readonly string[];
  readonly rows: boolean;
  /** Ends the wait for those who write to a table. */
  readonly signal: AbortSignal;
}

/** Who would write to a table waits so long at most for a trigger to be made; milliseconds. */
const lockMs = 200;
/** The longest pause before a table is tried again that others write to; milliseconds. */
const longestPauseMs = 5000;
/** How long it is tried to make a trigger on a table that others write to; milliseconds. */
const patienceMs = 20_000;

const unwantedQuery = `
  SELECT relation, pg_catalog.format('%I.%I', nspname, relname) AS title
  FROM peek_vortex.watched
  LEFT JOIN (pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace)
    ON class.oid = relation
  WHERE start < $1::bigint - 1`;

const unwantedSchema = z.array(z.object({ relation: z.number(), title: z.string() }));
const startSchema = z.object({ start: z.bigint() });

/** Counts a start of the reader. */
export async function countStart(pool: ConnectionPool): Promise<bigint> {
  return await pool.use(async (lent) => {
    const { rows } = await lent.query("UPDATE peek_vortex.reader SET start = start + 1 RETURNING start");
    return startSchema.parse(rows[0]).start;
  });
}

/**
 * Makes the triggers that tables need to be watched, where they are missing.
 *
 * @returns The tables by their numbers, their partitions too, with the names by which they are watched. What is
 *   committed to them from then on is noted.
 * @throws PeekError `OBSERVABLE_TABLE_UNKNOWN`; `STORAGE_TIMEOUT` when a transaction that has written to a table does
 *   not end; the signal's reason; and as the pool.
 */
export async function watchTables(
  pool: ConnectionPool,
  { plugin, schema, tables, rows, signal }: WatchedTables,
): Promise<ReadonlyMap<number, Place>> {
  const wanted = tables.map((name) => ({ schema, name, rows }));
  const found = await pool.use((lent) => findTables(lent, wanted));
  const missing = tables.find((table) => !found.some(({ name }) => name === table));
  if (missing !== undefined) {
    const why = await pool.use((lent) => whyUnwatchable(lent, schema, missing));
    throw new PeekError("OBSERVABLE_TABLE_UNKNOWN", `${plugin} watches the table ${missing}, which is ${why}`, {
      fields: { plugin, schema, table: missing },
    });
  }
  const watched = new Map<number, Place>();
  for (const table of found) {
    const before = watched.get(table.relation);
    if (before === undefined && !isNoted(table, rows)) await makeTriggers(pool, table, rows, signal);
    watched.set(table.relation, placeOf(table, before));
  }
  await pool.use((lent) => rememberWatched(lent, [...watched.keys()]));
  return watched;
}

/** Notes that tables are wanted since the reader's last start: see {@link unwatchTables}. */
export async function rememberWatched(lent: LentClient, relations: readonly number[]): Promise<void> {
  await lent.query(
    `INSERT INTO peek_vortex.watched (relation, start) SELECT unnest($1::oid[]), start FROM peek_vortex.reader
     ON CONFLICT (relation) DO UPDATE SET start = excluded.start`,
    [relations],
  );
}

/**
 * Removes the triggers of tables that nobody has watched since the reader's last start. One that others write to keeps
 * them until the next.
 */
export async function unwatchTables(pool: ConnectionPool, start: bigint): Promise<void> {
  const { rows } = await pool.use((lent) => lent.query(unwantedQuery, [start]));
  // Those that are gone have no title.
  const there = unwantedSchema.parse(rows.filter((row) => row["title"] !== "."));
  const kept: number[] = [];
  for (const { relation, title } of there) {
    const drop = triggerNames.map((name) => `DROP TRIGGER IF EXISTS ${escapeIdentifier(name)} ON ${title};`).join(" ");
    if (!(await pool.use((lent) => tryAlter(lent, drop)))) kept.push(relation);
  }
  await pool.use((lent) =>
    lent.query("DELETE FROM peek_vortex.watched WHERE start < $1::bigint - 1 AND relation <> ALL($2::oid[])", [
      start,
      kept,
    ]),
  );
}

/**
 * Makes the triggers of a table, unless others write to it now.
 *
 * @returns Whether it was done.
 * @throws PeekError as the connection.
 */
export async function tryMakeTriggers(lent: LentClient, table: FoundTable, rows: boolean): Promise<boolean> {
  return await tryAlter(lent, triggersSql(table, rows || notesRows(table.functions)));
}

/** While it waits for those who write to a table, others wait behind it: so it asks ever more rarely, and never long. */
async function makeTriggers(
  pool: ConnectionPool,
  table: FoundTable,
  rows: boolean,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    if (await pool.use((lent) => tryMakeTriggers(lent, table, rows))) return;
    if (performance.now() > until) throw busy(table.title);
    // Not an abort's own error: the signal's reason says more.
    await wait(pauseMs(attempt), undefined, { signal }).catch(() => undefined);
  }
}

/** The pause before a table is tried again that others write to; milliseconds. Partly at random: many may try. */
export function pauseMs(attempt: number): number {
  return Math.min(lockMs * 2 ** attempt, longestPauseMs) * (0.5 + 0.5 * Math.random());
}

function busy(title: string): PeekError {
  return new PeekError(
    "STORAGE_TIMEOUT",
    `The table ${title} cannot be watched: for ${patienceMs / 1000} s, transactions that write to it have not ended. It is watched when they have; see pg_stat_activity for who they are.`,
    { fields: { table: title } },
  );
}

function triggersSql({ title, partitioned }: FoundTable, rows: boolean): string {
  const statements = Object.entries(operations).map(([operation, referencing]) => {
    const name = escapeIdentifier(`peek_vortex_${operation}`);
    const procedure = rows && operation !== "truncate" ? "note_rows" : "note_statement";
    // Also in a session that replicates, which other triggers are not for.
    return `
      CREATE OR REPLACE TRIGGER ${name} AFTER ${operation.toUpperCase()} ON ${title} ${referencing}
        FOR EACH STATEMENT EXECUTE FUNCTION peek_vortex.${procedure}();
      ALTER TABLE ONLY ${title} ENABLE ALWAYS TRIGGER ${name};`;
  });
  // A subscription of PostgreSQL's own fires no triggers for statements, and writes to partitions themselves.
  if (partitioned) return statements.join("");
  return `${statements.join("")}
    CREATE OR REPLACE TRIGGER ${replicatedTrigger} AFTER INSERT OR UPDATE OR DELETE ON ${title}
      FOR EACH ROW EXECUTE FUNCTION peek_vortex.${rows ? "note_replicated_rows" : "note_replicated"}();
    ALTER TABLE ONLY ${title} ENABLE REPLICA TRIGGER ${replicatedTrigger};`;
}

/** @returns Whether it was done; it is not when others had the table for too long. */
async function tryAlter(lent: LentClient, sql: string): Promise<boolean> {
  try {
    await lent.query(`BEGIN; ${vortexLockSql} SET LOCAL lock_timeout = ${lockMs}; ${sql} COMMIT`);
    return true;
  } catch (error) {
    if (lent.lost === undefined) await lent.query("ROLLBACK");
    if (PeekError.is(error) && (error.code === "STORAGE_TIMEOUT" || error.code === "STORAGE_CONFLICT")) return false;
    throw error;
  }
}
