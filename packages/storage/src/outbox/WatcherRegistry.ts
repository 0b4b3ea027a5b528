import type { TableChange } from "@peek/plugin-base";
import { hasTriggers } from "./changeTriggers.ts";
import type { FoundTable, WantedTable } from "./findTables.ts";

/** A change as read from the outbox. */
export interface CapturedChange {
  /** The OID of the table. */
  readonly relation: number;
  readonly operation: TableChange["operation"];
  readonly rows: TableChange["rows"];
}

/** The watcher of some tables of a schema. */
export interface Watcher {
  readonly schema: string;
  /** The tables, by the names that the watcher uses. */
  readonly names: readonly string[];
  /** Whether the watcher wants the changed rows. */
  readonly rows: boolean;
  readonly listener: (changes: readonly TableChange[]) => void;
}

/** A table that is watched, as last found. */
export interface WatchedTable {
  /** The names under which it is watched: those of a partition also include its parent's. */
  readonly names: readonly string[];
  /** See {@link FoundTable.shape}. */
  readonly shape: string;
}

/** The tables of a watcher, by OID. */
type TablesByOid = ReadonlyMap<number, WatchedTable>;

/** @param before The table as found under other names. */
export function watchedTableOf({ name, shape }: FoundTable, before: WatchedTable | undefined): WatchedTable {
  return { names: [...(before?.names ?? []), name], shape };
}

/** The result of a reconciliation of the tables and their triggers. */
export interface Reconciliation {
  /** The watchers at its beginning. */
  readonly watchers: readonly Watcher[];
  readonly found: readonly FoundTable[];
  /** The tables whose triggers were just created. */
  readonly created: ReadonlySet<number>;
  /** The tables whose triggers could not be created. */
  readonly failed: ReadonlySet<number>;
  /** Its beginning, by `performance.now()`. */
  readonly at: number;
}

/** The period in which not all tables of a watcher are captured. */
interface Gap {
  /** When all of them last were. */
  readonly since: number;
  /** For users. */
  readonly reason: string;
}

/** The watchers, each with its tables. Notifies each of the changes of its own tables. */
export class WatcherRegistry {
  readonly #tables = new Map<Watcher, TablesByOid>();
  readonly #gaps = new Map<Watcher, Gap>();
  /** The beginning of the last reconciliation. */
  #reconciledAt = -Infinity;

  add(watcher: Watcher, tables: TablesByOid): Disposable {
    this.#tables.set(watcher, tables);
    return {
      [Symbol.dispose]: () => {
        this.#tables.delete(watcher);
        this.#gaps.delete(watcher);
      },
    };
  }

  /** The gap of a watcher; undefined while all of its tables are captured. */
  gapOf(watcher: Watcher): Gap | undefined {
    return this.#gaps.get(watcher);
  }

  list(): readonly Watcher[] {
    return [...this.#tables.keys()];
  }

  /** Notifies the watchers of changes. Repeated changes without rows are merged. */
  notify(changes: readonly CapturedChange[]): void {
    if (changes.length === 0) return;
    for (const [watcher, tables] of this.#tables) {
      const own = changesFor(watcher, tables, changes);
      if (own.length > 0) watcher.listener(own);
    }
  }

  /** Notifies all watchers that each of their tables may have changed. */
  notifyAll(): void {
    for (const [{ listener }, tables] of this.#tables) listener(unknownChanges([...new Set(namesOf(tables))]));
  }

  /** Records the result of a reconciliation, and notifies watchers that may have missed changes. */
  update({ watchers, ...result }: Reconciliation): void {
    for (const watcher of watchers) {
      const before = this.#tables.get(watcher);
      if (before === undefined) continue;
      const { tables, missed } = compare(watcher, before, result);
      this.#tables.set(watcher, tables);
      if (missed.length > 0) watcher.listener(unknownChanges(missed));
      this.#setGap(watcher, gapReason(watcher, result));
    }
    this.#reconciledAt = result.at;
  }

  #setGap(watcher: Watcher, reason: string | undefined): void {
    const since = this.#gaps.get(watcher)?.since ?? this.#reconciledAt;
    if (reason === undefined) this.#gaps.delete(watcher);
    else this.#gaps.set(watcher, { since, reason });
  }
}

/** The tables of all watchers, each once. */
export function wantedTables(watchers: readonly Watcher[]): readonly WantedTable[] {
  const wanted = new Map<string, WantedTable>();
  for (const { schema, names, rows } of watchers) {
    for (const name of names) {
      const key = JSON.stringify([schema, name]);
      wanted.set(key, { schema, name, rows: rows || wanted.get(key)?.rows === true });
    }
  }
  return [...wanted.values()];
}

/** Why not all changes of a watcher's tables are captured; undefined when they are. */
function gapReason(
  { schema, names, rows }: Watcher,
  { found, failed }: Pick<Reconciliation, "found" | "failed">,
): string | undefined {
  const own = found.filter((table) => table.schema === schema && names.includes(table.name));
  if (names.some((name) => !own.some((table) => table.name === name))) return "A table of the database is missing";
  const hasFailed = own.some((table) => failed.has(table.relation) && !hasTriggers(table, rows));
  return hasFailed ? "Changes of a table of the database cannot be followed now" : undefined;
}

/** Compares the tables of a watcher with those found before. A table that is gone has no missed changes. */
function compare(
  { schema, names }: Watcher,
  before: TablesByOid,
  { found, created, failed }: Pick<Reconciliation, "found" | "created" | "failed">,
): { readonly tables: TablesByOid; readonly missed: readonly string[] } {
  const tables = new Map<number, WatchedTable>();
  for (const table of found) {
    if (table.schema !== schema || !names.includes(table.name)) continue;
    if (failed.has(table.relation) && !before.has(table.relation)) continue;
    tables.set(table.relation, watchedTableOf(table, tables.get(table.relation)));
  }
  const missed = new Set<string>();
  for (const [relation, table] of tables) {
    const known = before.get(relation);
    for (const name of table.names) {
      if (created.has(relation) || known?.names.includes(name) !== true || known.shape !== table.shape)
        missed.add(name);
    }
  }
  const present = new Set(namesOf(tables));
  for (const [relation, table] of before) {
    // A partition was dropped or detached.
    if (!tables.has(relation)) for (const name of table.names) if (present.has(name)) missed.add(name);
  }
  return { tables, missed: [...missed] };
}

function namesOf(tables: TablesByOid): readonly string[] {
  return [...tables.values()].flatMap(({ names }) => names);
}

function unknownChanges(tables: readonly string[]): readonly TableChange[] {
  return tables.map((table) => ({ table, operation: "update", rows: undefined }));
}

function changesFor(
  { rows: wantsRows }: Watcher,
  tables: TablesByOid,
  changes: readonly CapturedChange[],
): readonly TableChange[] {
  const own: TableChange[] = [];
  const seen = new Set<string>();
  for (const { relation, operation, rows } of changes) {
    for (const table of tables.get(relation)?.names ?? []) {
      const change: TableChange = { table, operation, rows: wantsRows ? rows : undefined };
      const key = `${operation} ${table}`;
      if (change.rows === undefined && seen.has(key)) continue;
      if (change.rows === undefined) seen.add(key);
      own.push(change);
    }
  }
  return own;
}
