import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { LentClient } from "../access/LentClient.ts";
import { findTables, type FoundTable, isNoted, type WantedTable } from "./findTables.ts";
import { pauseMs, rememberWatched, tryMakeTriggers } from "./watchTriggers.ts";
import { wantedBy, type Watchers } from "./Watchers.ts";

/** How often it is looked whether the tables are still those that are followed; milliseconds. */
const checkMs = 2000;
/** So long one check may wait for those who write to tables; milliseconds. Nothing is read meanwhile. */
const budgetMs = 500;
/** After so many checks in a row in which a table could not be taken up, this is told: after 10 s or so. */
const triesToTell = 6;

/**
 * Keeps tables followed that are dropped and made again, restored, get partitions, or lose their triggers: by hand, by
 * pg_restore, while somebody follows them.
 */
export class TableUpkeep {
  readonly #watchers: Watchers;
  readonly #logger: Logger;
  #dueAt = -Infinity;
  /** How many checks in a row have left something to do. */
  #tries = 0;
  /** When those were last tried that are left, by their numbers. */
  readonly #triedAt = new Map<number, number>();
  /** The names of tables of which trouble was told. */
  readonly #told = new Set<string>();

  constructor(watchers: Watchers, logger: Logger) {
    this.#watchers = watchers;
    this.#logger = logger;
  }

  isDue(now: number): boolean {
    return now >= this.#dueAt;
  }

  /**
   * Takes up what is not followed as it should be; what others write to just now, at the next check, which is due soon
   * then. Who watches is told of it.
   *
   * @param lent A connection of the account that owns the database.
   * @throws PeekError as the connection; not for a table that cannot be followed.
   */
  async check(lent: LentClient): Promise<void> {
    const at = performance.now();
    const watchers = this.#watchers.list();
    const wanted = wantedBy(watchers);
    const found = wanted.length === 0 ? [] : await findTables(lent, wanted);
    /** By the names of tables; empty where there is nothing to tell yet. */
    const troubles = new Map<string, string>();
    for (const { schema, name } of wanted) {
      if (found.some((table) => table.schema === schema && table.name === name)) continue;
      troubles.set(`${schema}.${name}`, "it is not there any more");
    }
    const made = new Set<number>();
    const late = new Set<number>();
    const until = performance.now() + budgetMs;
    // Those last that were tried last: a few that others write to leave no time for more.
    const lacking = [...unnoted(found, wanted)].toSorted(([a], [b]) => this.#triedAtOf(a) - this.#triedAtOf(b));
    for (const [relation, { table, rows }] of lacking) {
      const trouble = performance.now() < until ? await this.#take(lent, table, rows) : "";
      if (trouble === undefined) {
        made.add(relation);
      } else {
        late.add(relation);
        troubles.set(table.title, trouble);
      }
    }
    if (made.size > 0) await rememberWatched(lent, [...made]);
    this.#watchers.replace({ watchers, found, made, late, at });
    for (const relation of this.#triedAt.keys()) if (!late.has(relation)) this.#triedAt.delete(relation);
    this.#tries = late.size > 0 ? this.#tries + 1 : 0;
    this.#dueAt = performance.now() + (late.size > 0 ? pauseMs(this.#tries) : checkMs);
    this.#tell(troubles);
  }

  /** @returns Why it was not done, if so; nothing to tell where others write to the table. */
  async #take(lent: LentClient, table: FoundTable, rows: boolean): Promise<string | undefined> {
    this.#triedAt.set(table.relation, performance.now());
    try {
      if (await tryMakeTriggers(lent, table, rows)) return undefined;
      return this.#tries < triesToTell ? "" : "transactions that write to it do not end, see pg_stat_activity";
    } catch (error) {
      if (lent.lost !== undefined) throw error;
      return messageOf(error);
    }
  }

  #triedAtOf(relation: number): number {
    return this.#triedAt.get(relation) ?? 0;
  }

  /** Once for each table, until it is well again. */
  #tell(troubles: ReadonlyMap<string, string>): void {
    for (const [title, why] of troubles) {
      if (why === "" || this.#told.has(title)) continue;
      this.#told.add(title);
      this.#logger.warning("Changes of the table %s cannot be followed now: %s. Trying again", title, why);
    }
    for (const title of this.#told) if (!troubles.has(title)) this.#told.delete(title);
  }
}

/** The tables that lack triggers, with whether those are to note rows. */
function unnoted(
  found: readonly FoundTable[],
  wanted: readonly WantedTable[],
): ReadonlyMap<number, { readonly table: FoundTable; readonly rows: boolean }> {
  const withRows = new Set(wanted.filter(({ rows }) => rows).map(({ schema, name }) => JSON.stringify([schema, name])));
  const lacking = new Map<number, { readonly table: FoundTable; readonly rows: boolean }>();
  for (const table of found) {
    const rows = withRows.has(JSON.stringify([table.schema, table.name]));
    if (isNoted(table, rows)) continue;
    lacking.set(table.relation, { table, rows: rows || lacking.get(table.relation)?.rows === true });
  }
  return lacking;
}
