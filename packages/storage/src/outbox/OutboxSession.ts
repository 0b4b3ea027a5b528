import { PeekError } from "@peek/errors";
import { z } from "zod";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { cleanupLockSql } from "../catalogue/VortexLayout.ts";
import { maxUnread, notificationChannel } from "./outboxLayoutSql.ts";
import { emptySnapshot, parseSnapshot, type TransactionSnapshot } from "./TransactionSnapshot.ts";
import { type CapturedRows, capturedRowsSchema, RowDecoder } from "./RowDecoder.ts";
import type { CapturedChange } from "./WatcherRegistry.ts";

/** The maximum size of the rows of one read, as PostgreSQL stores them; beyond it, changes are read without rows. */
const maxBatchBytes = 4 * 1024 * 1024;
/** After this number of deleted rows, their space is reclaimed: autovacuum runs only once a minute. */
const vacuumAfterRows = 50_000;

// The server has no statistics of a new table, and would read all of it instead of finding new changes by the index.
const settingsSql = `
  SET enable_seqscan = off;
  LISTEN ${notificationChannel};
  -- From a backup of another server: transaction ids that this server has not assigned yet.
  DELETE FROM peek_vortex.change WHERE transaction >= pg_snapshot_xmax(pg_current_snapshot())`;

const beginSql = `
  SELECT pg_current_snapshot()::text AS snapshot, current_setting('max_prepared_transactions') = '0' AS can_notify`;

const readSql = `
  WITH
    fresh AS MATERIALIZED (
      SELECT relation, operation, rows FROM peek_vortex.change WHERE transaction >= $1::xid8
      UNION ALL
      SELECT relation, operation, rows FROM peek_vortex.change WHERE transaction = ANY($2::xid8[])
    ),
    size AS (
      SELECT coalesce(sum(pg_column_size(rows)), 0) <= ${maxBatchBytes} AS includes_rows FROM fresh
    ),
    change AS (
      SELECT DISTINCT relation, operation, NULL AS rows FROM fresh, size WHERE rows IS NULL OR NOT includes_rows
      UNION ALL
      SELECT relation, operation, rows::text FROM fresh, size WHERE rows IS NOT NULL AND includes_rows
    )
  SELECT
    pg_current_snapshot()::text AS snapshot,
    current_setting('transaction_read_only')::boolean AS read_only,
    unread.last_value AS unread, relation, operation, rows
  FROM peek_vortex.unread LEFT JOIN change ON true`;

// Half of the limit, since more changes may be recorded between the two statements.
const isBelowLimitSql = `SELECT last_value < ${maxUnread / 2} AS below FROM peek_vortex.unread`;
const resetUnreadSql = "SELECT setval('peek_vortex.unread', 1)";
/** From this number of unread changes, the reader resets the count. */
const resetAtUnread = 1000;

const setAsleepSql = "UPDATE peek_vortex.reader SET asleep = $1 WHERE asleep <> $1";

// Transactions of other databases cannot write to this one. A virtual id belongs to one transaction only; a prepared
// transaction has none any more.
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
    .transform((text): CapturedRows | undefined =>
      text === null ? undefined : capturedRowsSchema.parse(JSON.parse(text)),
    ),
});

const operations = { INSERT: "insert", UPDATE: "update", DELETE: "delete", TRUNCATE: "truncate" } as const;
const lockSchema = z.object({ taken: z.boolean() });
const belowLimitSchema = z.object({ below: z.boolean() });
const beginSchema = z.object({ can_notify: z.boolean() });
const countSchema = z.object({ unread: z.bigint() });
const idSchema = z.object({ id: z.string() });

/** The queries of the reader of the outbox, on one connection. It remembers the snapshot up to which it has read. */
export class OutboxSession {
  readonly #connection: PooledConnection;
  #readUntil: TransactionSnapshot = emptySnapshot;
  /** Changes before this snapshot are removed. */
  #removedUntil: TransactionSnapshot = emptySnapshot;
  /** The next cleanup removes changes before this snapshot. */
  #removeUntil: TransactionSnapshot = emptySnapshot;
  #deletedRows = 0;
  #hasCleanupLock = false;
  #canNotify = true;
  readonly #decoder = new RowDecoder();

  private constructor(connection: PooledConnection) {
    this.#connection = connection;
  }

  /** Begins to read at the present snapshot: earlier changes are skipped. */
  static async begin(connection: PooledConnection): Promise<OutboxSession> {
    await connection.query(settingsSql);
    const session = new OutboxSession(connection);
    const { rows } = await connection.query(beginSql);
    session.#readUntil = parseSnapshot(rows[0]?.["snapshot"]);
    session.#canNotify = beginSchema.parse(rows[0]).can_notify;
    session.#removeUntil = session.#readUntil;
    await session.tryAcquireCleanupLock();
    return session;
  }

  /** Whether triggers can notify; they cannot where the server allows prepared transactions. */
  get canNotify(): boolean {
    return this.#canNotify;
  }

  /** Whether this reader, and no other, removes changes. */
  get hasCleanupLock(): boolean {
    return this.#hasCleanupLock;
  }

  /** Tries to become the reader that removes changes, when another one has gone. */
  async tryAcquireCleanupLock(): Promise<void> {
    this.#hasCleanupLock = lockSchema.parse((await this.#connection.query(cleanupLockSql)).rows[0]).taken;
  }

  /**
   * Reads the changes that were committed since the last read.
   *
   * @returns `complete`: whether the triggers have recorded all changes, since the outbox was not full.
   *
   * @throws PeekError as the connection; `STORAGE_QUERY_FAILED` where the database has become read-only.
   */
  async read(): Promise<{ readonly changes: readonly CapturedChange[]; readonly complete: boolean }> {
    const { rows } = await this.#connection.query(readSql, [this.#readUntil.next, this.#readUntil.running]);
    // The reader could neither remove changes nor reset the count, so that the outbox would overflow unnoticed.
    if (rows[0]?.["read_only"] === true) throw readOnly();
    const captured = rows.filter((row) => row["relation"] !== null).map((row) => changeSchema.parse(row));
    const decoded = await this.#decoder.decode(
      this.#connection,
      captured.map((change) => change.rows),
    );
    const changes = captured.map((change, index): CapturedChange => ({ ...change, rows: decoded[index] }));
    this.#readUntil = parseSnapshot(rows[0]?.["snapshot"]);
    const complete = countSchema.parse(rows[0]).unread < resetAtUnread || (await this.resetUnreadCount());
    return { changes, complete };
  }

  /** Resets the count of unread changes. @returns Whether it was below the limit, so that all changes were recorded. */
  async resetUnreadCount(): Promise<boolean> {
    const { below } = belowLimitSchema.parse((await this.#connection.query(isBelowLimitSql)).rows[0]);
    await this.#connection.query(resetUnreadSql);
    return below;
  }

  /** Has the triggers notify of changes, or not. */
  async requestNotifications(enabled: boolean): Promise<void> {
    await this.#connection.query(setAsleepSql, [enabled]);
  }

  /** The ids of the transactions that run now; with `among`, only those of them that still run. */
  async runningTransactions(among?: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.#connection.query(runningSql, [among ?? null]);
    return rows.map((row) => idSchema.parse(row).id);
  }

  /**
   * Removes the changes that were read before the last call, so that another reader has had an interval to read them.
   * Does nothing without the cleanup lock.
   */
  async cleanUp(): Promise<void> {
    const [from, until] = [this.#removedUntil, this.#removeUntil];
    this.#removeUntil = this.#readUntil;
    if (!this.#hasCleanupLock) return;
    if (from.next === until.next && from.running.join() === until.running.join()) return;
    const { rowCount } = await this.#connection.query(removeSql, [until.next, until.running, from.next, from.running]);
    this.#removedUntil = until;
    this.#deletedRows += rowCount ?? 0;
    if (this.#deletedRows < vacuumAfterRows) return;
    this.#deletedRows = 0;
    await this.#vacuum();
  }

  /** Optional: after a timeout, autovacuum does it later. */
  async #vacuum(): Promise<void> {
    try {
      await this.#connection.query("VACUUM (SKIP_LOCKED, TRUNCATE false) peek_vortex.change");
    } catch (error) {
      if (this.#connection.lost !== undefined || !PeekError.is(error) || error.code !== "STORAGE_TIMEOUT") throw error;
    }
  }
}

function readOnly(): PeekError {
  return new PeekError("STORAGE_QUERY_FAILED", "The database is read-only.", { fields: { sqlState: readOnlyState } });
}
