import { PeekError } from "@peek/errors";
import { escapeIdentifier } from "pg";
import { layoutLockSql } from "../catalogue/VortexLayout.ts";
import type { PooledConnection } from "../pool/PooledConnection.ts";

/** A table, as far as its triggers are concerned. */
export interface TriggeredTable {
  /** Its name in SQL, with its schema. */
  readonly title: string;
  /** The functions of its triggers that capture changes. */
  readonly functions: readonly string[];
  /** Whether it is partitioned, and stores no rows itself. */
  readonly partitioned: boolean;
}

/** The operations that are captured, with the transition tables of their triggers. */
const operations = {
  insert: "REFERENCING NEW TABLE AS peek_new",
  update: "REFERENCING OLD TABLE AS peek_old NEW TABLE AS peek_new",
  delete: "REFERENCING OLD TABLE AS peek_old",
  truncate: "",
} as const;

/** The trigger for rows that a subscription of PostgreSQL's logical replication writes. */
export const replicatedTrigger = "peek_vortex_replicated";

/** The names of all triggers of a watched table. */
export const triggerNames: readonly string[] = [
  ...Object.keys(operations).map((operation) => `peek_vortex_${operation}`),
  replicatedTrigger,
];

/** The functions of the triggers of a table, sorted, by whether they capture rows. */
const functionsWithRows = ["note_replicated_rows", "note_rows", "note_rows", "note_rows", "note_statement"];
const functionsWithoutRows = [
  "note_replicated",
  "note_statement",
  "note_statement",
  "note_statement",
  "note_statement",
];

/** The time for which other transactions may have to wait behind the creation of a trigger. */
export const lockTimeoutMs = 200;

/** Whether a table has all its triggers. Triggers that capture rows also serve watchers without rows. */
export function hasTriggers({ functions, partitioned }: TriggeredTable, rows: boolean): boolean {
  const expected = rows || capturesRows(functions) ? functionsWithRows : functionsWithoutRows;
  const wanted = partitioned ? expected.filter((name) => !name.startsWith("note_replicated")) : expected;
  return wanted.join() === functions.toSorted().join();
}

/**
 * Creates the triggers of a table, unless other transactions write to it now.
 *
 * @returns Whether the triggers were created.
 * @throws PeekError as the connection.
 */
export async function tryCreateTriggers(
  connection: PooledConnection,
  table: TriggeredTable,
  rows: boolean,
): Promise<boolean> {
  return await tryAlter(connection, triggersSql(table, rows || capturesRows(table.functions)));
}

/**
 * Drops the triggers of a table, unless other transactions write to it now.
 *
 * @param title The table's name in SQL.
 * @returns Whether the triggers were dropped.
 * @throws PeekError as the connection.
 */
export async function tryDropTriggers(connection: PooledConnection, title: string): Promise<boolean> {
  const drops = triggerNames.map((name) => `DROP TRIGGER IF EXISTS ${escapeIdentifier(name)} ON ${title};`);
  return await tryAlter(connection, drops.join(" "));
}

function capturesRows(functions: readonly string[]): boolean {
  return functions.includes("note_rows");
}

function triggersSql({ title, partitioned }: TriggeredTable, rows: boolean): string {
  const statements = Object.entries(operations).map(([operation, referencing]) => {
    const name = escapeIdentifier(`peek_vortex_${operation}`);
    const procedure = rows && operation !== "truncate" ? "note_rows" : "note_statement";
    // ALWAYS: also in sessions with session_replication_role = replica, in which other triggers do not fire.
    return `
      CREATE OR REPLACE TRIGGER ${name} AFTER ${operation.toUpperCase()} ON ${title} ${referencing}
        FOR EACH STATEMENT EXECUTE FUNCTION peek_vortex.${procedure}();
      ALTER TABLE ONLY ${title} ENABLE ALWAYS TRIGGER ${name};`;
  });
  // Logical replication fires no statement triggers, and writes to partitions directly.
  if (partitioned) return statements.join("");
  return `${statements.join("")}
    CREATE OR REPLACE TRIGGER ${replicatedTrigger} AFTER INSERT OR UPDATE OR DELETE ON ${title}
      FOR EACH ROW EXECUTE FUNCTION peek_vortex.${rows ? "note_replicated_rows" : "note_replicated"}();
    ALTER TABLE ONLY ${title} ENABLE REPLICA TRIGGER ${replicatedTrigger};`;
}

/** @returns Whether it was done; it is not when the lock was not granted in time. */
async function tryAlter(connection: PooledConnection, sql: string): Promise<boolean> {
  try {
    await connection.query(`BEGIN; ${layoutLockSql} SET LOCAL lock_timeout = ${lockTimeoutMs}; ${sql} COMMIT`);
    return true;
  } catch (error) {
    if (connection.lost === undefined) await connection.query("ROLLBACK");
    if (PeekError.is(error) && (error.code === "STORAGE_TIMEOUT" || error.code === "STORAGE_CONFLICT")) return false;
    throw error;
  }
}
