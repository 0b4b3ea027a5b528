import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { LentClient } from "../access/LentClient.ts";
import { removerLockSql } from "../catalogue/VortexLayout.ts";
import { channel, mostUnread } from "./changesLayoutSql.ts";
import { beginning, parseSnapshot, type Snapshot } from "./Snapshot.ts";
import { type NotedRows, notedRowsSchema, RowDecoder } from "./RowDecoder.ts";
import type { NotedChange } from "./Watchers.ts";

/** How large the rows of one look may be together, as PostgreSQL keeps them; with more, none are told. */
const mostBytes = 4 * 1024 * 1024;
/** After so many rows were deleted, their room is made free. Autovacuum comes once in a minute. */
const vacuumAt = 50_000;

// Only an index leads to what is new past what is not removed yet; the server, which has no statistics of so young a
// table, would read all of it.
const settingsSql = `
  SET enable_seqscan = off;
  LISTEN ${channel};
  -- From another server's backup: transactions that have not begun here.
  DELETE FROM peek_vortex.change WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot())`;

const beginSql = `
  SELECT pg_current_snapshot()::text AS snapshot, current_setting('max_prepared_transactions') = '0' AS notified`;

const readSql = `
  WITH
    fresh AS MATERIALIZED (
      SELECT relation, operation, rows FROM peek_vortex.change WHERE transaction >= $1::xid8
      UNION ALL
      SELECT relation, operation, rows FROM peek_vortex.change WHERE transaction = ANY($2::xid8[])
    ),
    told AS (
      SELECT coalesce(sum(pg_column_size(rows)), 0) <= ${mostBytes} AS rows_too FROM fresh
    ),
    change AS (
      SELECT DISTINCT relation, operation, NULL AS rows FROM fresh, told WHERE rows IS NULL OR NOT rows_too
      UNION ALL
      SELECT relation, operation, rows::text FROM fresh, told WHERE rows IS NOT NULL AND rows_too
    )
  SELECT
    pg_current_snapshot()::text AS snapshot,
    current_setting('transaction_read_only')::boolean AS read_only,
    unread.last_value AS unread, relation, operation, rows
  FROM peek_vortex.unread LEFT JOIN change ON true`;

// Less than all that may be noted: more may have come between the two statements.
const countedSql = `SELECT last_value < ${mostUnread / 2} AS present FROM peek_vortex.unread`;
const presentSql = "SELECT setval('peek_vortex.unread', 1)";
/** With so many unread changes the reader says that it is there. */
const mostCounted = 1000;

const sleepSql = "UPDATE peek_vortex.reader SET asleep = $1 WHERE asleep <> $1";

// Of another database no transaction writes here. A virtual number is that of one transaction only. One that was prepared
// has none any more.
const runningSql = `
  SELECT DISTINCT virtualtransaction AS id FROM pg_catalog.pg_locks AS lock
  JOIN pg_catalog.pg_stat_activity AS activity USING (pid)
  WHERE locktype = 'virtualxid' AND granted AND pid <> pg_backend_pid()
    AND activity.datname = current_database()
    AND ($1::text[] IS NULL OR virtualtransaction = ANY($1::text[]))
  UNION ALL
  SELECT 'prepared ' || transaction FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()
  ORDER BY id`;

const removeSql = `
  DELETE FROM peek_vortex.change
  WHERE transaction < $1::xid8 AND transaction <> ALL($2::xid8[])
    AND (transaction >= $3::xid8 OR transaction = ANY($4::xid8[]))`;

/** PostgreSQL's `read_only_sql_transaction`. */
export const readOnlyState = "25006";

const changeSchema = z.object({
  relation: z.number(),
  operation: z.enum(["INSERT", "UPDATE", "DELETE", "TRUNCATE"]).transform((operation) => operations[operation]),
  rows: z
    .string()
    .nullable()
    .transform((text): NotedRows | undefined => (text === null ? undefined : notedRowsSchema.parse(JSON.parse(text)))),
});

const operations = { INSERT: "insert", UPDATE: "update", DELETE: "delete", TRUNCATE: "truncate" } as const;
const lockSchema = z.object({ taken: z.boolean() });
const presentSchema = z.object({ present: z.boolean() });
const beginSchema = z.object({ notified: z.boolean() });
const countSchema = z.object({ unread: z.bigint() });
const idSchema = z.object({ id: z.string() });

/** What the reader of changes says to the database, on one connection. It keeps what it has seen already. */
export class OutboxSession {
  readonly #lent: LentClient;
  #seen: Snapshot = beginning;
  /** Up to where it is removed, and up to where it is to be the next time. */
  #removed: Snapshot = beginning;
  #removing: Snapshot = beginning;
  #deleted = 0;
  #removesAlone = false;
  #notified = true;
  readonly #decoder = new RowDecoder();

  private constructor(lent: LentClient) {
    this.#lent = lent;
  }

  /** Begins: whatever is committed from now on is read; of what was before, nothing. */
  static async begin(lent: LentClient): Promise<OutboxSession> {
    await lent.query(settingsSql);
    const session = new OutboxSession(lent);
    const { rows } = await lent.query(beginSql);
    session.#seen = parseSnapshot(rows[0]?.["snapshot"]);
    session.#notified = beginSchema.parse(rows[0]).notified;
    session.#removing = session.#seen;
    await session.tryToRemoveAlone();
    return session;
  }

  /** Whether changes notify while it sleeps; they do not where the server lets transactions be prepared. */
  get notified(): boolean {
    return this.#notified;
  }

  /** Whether nobody else removes anything, as long as this lasts. */
  get removesAlone(): boolean {
    return this.#removesAlone;
  }

  /** Sees whether another reader has gone that removes what was read. */
  async tryToRemoveAlone(): Promise<void> {
    this.#removesAlone = lockSchema.parse((await this.#lent.query(removerLockSql)).rows[0]).taken;
  }

  /**
   * What was committed since the last time, and whether nothing can have been left out because of too many changes.
   *
   * @throws PeekError as the connection; `STORAGE_QUERY_FAILED` where the database has become read-only.
   */
  async read(): Promise<{ readonly changes: readonly NotedChange[]; readonly complete: boolean }> {
    const { rows } = await this.#lent.query(readSql, [this.#seen.next, this.#seen.running]);
    // What was read cannot be removed, nor be said to be read: changes of whoever may make them all the same would be left out.
    if (rows[0]?.["read_only"] === true) throw readOnly();
    const noted = rows.filter((row) => row["relation"] !== null).map((row) => changeSchema.parse(row));
    const decoded = await this.#decoder.decode(
      this.#lent,
      noted.map((change) => change.rows),
    );
    const changes = noted.map((change, index): NotedChange => ({ ...change, rows: decoded[index] }));
    this.#seen = parseSnapshot(rows[0]?.["snapshot"]);
    const complete = countSchema.parse(rows[0]).unread < mostCounted || (await this.present());
    return { changes, complete };
  }

  /** Says that it is there. @returns Whether it has said so in time, so that no change can have been left out. */
  async present(): Promise<boolean> {
    const { present } = presentSchema.parse((await this.#lent.query(countedSql)).rows[0]);
    await this.#lent.query(presentSql);
    return present;
  }

  /** Says whether it wants to be notified. */
  async setAsleep(asleep: boolean): Promise<void> {
    await this.#lent.query(sleepSql, [asleep]);
  }

  /** The transactions that run now; or of some, those that still do. */
  async running(some?: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.#lent.query(runningSql, [some ?? null]);
    return rows.map((row) => idSchema.parse(row).id);
  }

  /**
   * Removes what was read when this was last called: another reader has had as long to read it. Where another removes,
   * nothing.
   */
  async remove(): Promise<void> {
    const [from, upTo] = [this.#removed, this.#removing];
    this.#removing = this.#seen;
    if (!this.#removesAlone) return;
    if (from.next === upTo.next && from.running.join() === upTo.running.join()) return;
    const { rowCount } = await this.#lent.query(removeSql, [upTo.next, upTo.running, from.next, from.running]);
    this.#removed = upTo;
    this.#deleted += rowCount ?? 0;
    if (this.#deleted < vacuumAt) return;
    this.#deleted = 0;
    await this.#vacuum();
  }

  /** It can be done without: where there is no time for it, autovacuum does it later. */
  async #vacuum(): Promise<void> {
    try {
      await this.#lent.query("VACUUM (SKIP_LOCKED, TRUNCATE false) peek_vortex.change");
    } catch (error) {
      if (this.#lent.lost !== undefined || !PeekError.is(error) || error.code !== "STORAGE_TIMEOUT") throw error;
    }
  }
}

function readOnly(): PeekError {
  return new PeekError("STORAGE_QUERY_FAILED", "The database is read-only.", { fields: { sqlState: readOnlyState } });
}
