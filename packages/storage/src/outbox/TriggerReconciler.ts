import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { PooledConnection } from "../pool/PooledConnection.ts";
import { hasTriggers, tryCreateTriggers } from "./changeTriggers.ts";
import { findTables, type FoundTable, type WantedTable } from "./findTables.ts";
import { recordWatched } from "./triggerRetention.ts";
import { triggerRetryDelayMs } from "./watchTables.ts";
import { wantedTables, type WatcherRegistry } from "./WatcherRegistry.ts";

/** Settings of a {@link TriggerReconciler}. */
export interface TriggerReconcilerTiming {
  /** The interval of reconciliation. */
  readonly intervalMs: number;
  /** A table whose triggers could not be created in this number of attempts in a row is logged. */
  readonly attemptsUntilLog: number;
}

/** The defaults of {@link TriggerReconcilerTiming}: a busy table is logged after 10 s or so. */
export const defaultReconcilerTiming: TriggerReconcilerTiming = { intervalMs: 2000, attemptsUntilLog: 6 };

/** The maximum time of one reconciliation for creating triggers: no changes are read meanwhile. */
const maxCreateMs = 500;

/**
 * Reconciles the watched tables with the database: a table that was dropped and created again, restored, partitioned, or
 * has lost its triggers, gets them again.
 */
export class TriggerReconciler {
  readonly #watchers: WatcherRegistry;
  readonly #logger: Logger;
  readonly #timing: TriggerReconcilerTiming;
  #dueAt = -Infinity;
  /** How many reconciliations in a row were incomplete. */
  #attempts = 0;
  /** When the triggers of each incomplete table were last tried, by OID. */
  readonly #triedAt = new Map<number, number>();
  /** The tables whose trouble was logged, until they have recovered. */
  readonly #logged = new Set<string>();

  constructor(watchers: WatcherRegistry, logger: Logger, timing: TriggerReconcilerTiming) {
    this.#watchers = watchers;
    this.#logger = logger;
    this.#timing = timing;
  }

  isDue(now: number): boolean {
    return now >= this.#dueAt;
  }

  /**
   * Finds the watched tables, creates missing triggers, and updates the registry, which notifies watchers. A table that
   * other transactions write to is tried again soon.
   *
   * @param connection A connection of the account that owns the database.
   * @throws PeekError as the connection; not for the failure of a single table.
   */
  async reconcile(connection: PooledConnection): Promise<void> {
    const at = performance.now();
    const watchers = this.#watchers.list();
    const wanted = wantedTables(watchers);
    const found = wanted.length === 0 ? [] : await findTables(connection, wanted);
    /** By the title of the table; undefined while there is nothing to log yet. */
    const troubles = new Map<string, string | undefined>();
    for (const { schema, name } of wanted) {
      if (found.some((table) => table.schema === schema && table.name === name)) continue;
      troubles.set(`${schema}.${name}`, "the table does not exist any more");
    }
    const created = new Set<number>();
    const failed = new Set<number>();
    const deadline = performance.now() + maxCreateMs;
    // The least recently tried first: a few busy tables may take all of the time.
    const incomplete = [...tablesWithoutTriggers(found, wanted)].toSorted(
      ([a], [b]) => (this.#triedAt.get(a) ?? 0) - (this.#triedAt.get(b) ?? 0),
    );
    for (const [relation, { table, rows }] of incomplete) {
      const result = performance.now() < deadline ? await this.#tryCreate(connection, table, rows) : "busy";
      if (result === "created") {
        created.add(relation);
      } else {
        failed.add(relation);
        troubles.set(table.title, this.#troubleOf(result));
      }
    }
    if (created.size > 0) await recordWatched(connection, [...created]);
    this.#watchers.update({ watchers, found, created, failed, at });
    for (const relation of this.#triedAt.keys()) if (!failed.has(relation)) this.#triedAt.delete(relation);
    this.#attempts = failed.size > 0 ? this.#attempts + 1 : 0;
    const delayMs = failed.size > 0 ? triggerRetryDelayMs(this.#attempts) : this.#timing.intervalMs;
    this.#dueAt = performance.now() + delayMs;
    this.#log(troubles);
  }

  async #tryCreate(
    connection: PooledConnection,
    table: FoundTable,
    rows: boolean,
  ): Promise<"created" | "busy" | { readonly error: unknown }> {
    this.#triedAt.set(table.relation, performance.now());
    try {
      return (await tryCreateTriggers(connection, table, rows)) ? "created" : "busy";
    } catch (error) {
      if (connection.lost !== undefined) throw error;
      return { error };
    }
  }

  #troubleOf(result: "busy" | { readonly error: unknown }): string | undefined {
    if (result !== "busy") return messageOf(result.error);
    if (this.#attempts < this.#timing.attemptsUntilLog) return undefined;
    return "transactions that write to it do not end, see pg_stat_activity";
  }

  /** Logs the trouble of each table once, until it has recovered. */
  #log(troubles: ReadonlyMap<string, string | undefined>): void {
    for (const [title, reason] of troubles) {
      if (reason === undefined || this.#logged.has(title)) continue;
      this.#logged.add(title);
      this.#logger.warning("Changes of the table %s cannot be followed now: %s. Trying again", title, reason);
    }
    for (const title of this.#logged) if (!troubles.has(title)) this.#logged.delete(title);
  }
}

/** The tables that lack triggers, by OID, with whether the triggers have to capture rows. */
function tablesWithoutTriggers(
  found: readonly FoundTable[],
  wanted: readonly WantedTable[],
): ReadonlyMap<number, { readonly table: FoundTable; readonly rows: boolean }> {
  const withRows = new Set(wanted.filter(({ rows }) => rows).map(({ schema, name }) => JSON.stringify([schema, name])));
  const incomplete = new Map<number, { readonly table: FoundTable; readonly rows: boolean }>();
  for (const table of found) {
    const rows = withRows.has(JSON.stringify([table.schema, table.name]));
    if (hasTriggers(table, rows)) continue;
    incomplete.set(table.relation, { table, rows: rows || incomplete.get(table.relation)?.rows === true });
  }
  return incomplete;
}
