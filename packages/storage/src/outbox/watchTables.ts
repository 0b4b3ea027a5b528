import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import { backoffMs } from "@peek/kit";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import { hasTriggers, lockTimeoutMs, tryCreateTriggers } from "./changeTriggers.ts";
import { explainUnwatchable } from "./explainUnwatchable.ts";
import { findTables, type FoundTable } from "./findTables.ts";
import { recordWatched } from "./triggerRetention.ts";
import { type WatchedTable, watchedTableOf } from "./WatcherRegistry.ts";

/** The options of {@link watchTables}. */
export interface WatchTablesRequest {
  readonly plugin: string;
  readonly schema: string;
  readonly tables: readonly string[];
  /** Whether the changed rows are captured too. */
  readonly rows: boolean;
  /** Aborts the wait for transactions that write to a table. */
  readonly signal: AbortSignal;
}

/** The longest pause before the triggers of a busy table are tried again. */
const maxRetryDelayMs = 5000;
/** The total time of trying to create the triggers of a busy table. */
const retryForMs = 20_000;

/**
 * Creates the triggers that tables need to be watched, where they are missing.
 *
 * @returns The tables and their partitions by OID, with the names under which they are watched. All changes that are
 *   committed from then on are captured.
 * @throws PeekError `OBSERVABLE_TABLE_UNKNOWN`; `STORAGE_TIMEOUT` when a transaction that has written to a table does
 *   not end; the signal's reason; and as the pool.
 */
export async function watchTables(
  pool: ConnectionPool,
  { plugin, schema, tables, rows, signal }: WatchTablesRequest,
): Promise<ReadonlyMap<number, WatchedTable>> {
  const wanted = tables.map((name) => ({ schema, name, rows }));
  const found = await pool.use((connection) => findTables(connection, wanted));
  const missing = tables.find((table) => !found.some(({ name }) => name === table));
  if (missing !== undefined) {
    const reason = await pool.use((connection) => explainUnwatchable(connection, schema, missing));
    throw new PeekError("OBSERVABLE_TABLE_UNKNOWN", `${plugin} watches the table ${missing}, which is ${reason}`, {
      fields: { plugin, schema, table: missing },
    });
  }
  const watched = new Map<number, WatchedTable>();
  for (const table of found) {
    const before = watched.get(table.relation);
    if (before === undefined && !hasTriggers(table, rows)) await createTriggers(pool, table, rows, signal);
    watched.set(table.relation, watchedTableOf(table, before));
  }
  await pool.use((connection) => recordWatched(connection, [...watched.keys()]));
  return watched;
}

/** The pause before the triggers of a busy table are tried again. */
export function triggerRetryDelayMs(attempt: number): number {
  return backoffMs(attempt, { firstMs: lockTimeoutMs, maxMs: maxRetryDelayMs, fixedShare: 0.5 });
}

/** Retries with growing pauses: while it waits for the lock of a table, other transactions wait behind it. */
async function createTriggers(
  pool: ConnectionPool,
  table: FoundTable,
  rows: boolean,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + retryForMs;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    if (await pool.use((connection) => tryCreateTriggers(connection, table, rows))) return;
    if (performance.now() > deadline) throw busy(table.title);
    // Ignores the AbortError: the signal's reason, which is thrown above, says more.
    await delay(triggerRetryDelayMs(attempt), undefined, { signal }).catch(() => undefined);
  }
}

function busy(title: string): PeekError {
  return new PeekError(
    "STORAGE_TIMEOUT",
    `The table ${title} cannot be watched yet: transactions that write to it have not ended for ${retryForMs / 1000} s. Watching succeeds when they have ended; pg_stat_activity shows them.`,
    { fields: { table: title } },
  );
}
