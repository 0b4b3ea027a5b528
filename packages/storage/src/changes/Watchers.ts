import type { TableChange } from "@peek/plugin-base";
import { type FoundTable, isNoted, type WantedTable } from "./findTables.ts";

/** What is read of a change. */
export interface NotedChange {
  /** The table, by its number in the database. */
  readonly relation: number;
  readonly operation: TableChange["operation"];
  readonly rows: TableChange["rows"];
}

/** Who follows tables. */
export interface Watcher {
  readonly schema: string;
  /** The tables, as the watcher calls them. */
  readonly names: readonly string[];
  readonly rows: boolean;
  readonly listener: (changes: readonly TableChange[]) => void;
}

/** A table as it was found last. */
export interface Place {
  /** What it is called: a partition is what it is called, and its table. */
  readonly names: readonly string[];
  readonly shape: string;
}

/** Tables by their numbers. */
type Placed = ReadonlyMap<number, Place>;

/** @param before What it is called besides. */
export function placeOf({ name, shape }: FoundTable, before: Place | undefined): Place {
  return { names: [...(before?.names ?? []), name], shape };
}

/** How tables are found to be. */
export interface Survey {
  /** Those who followed when it was begun. */
  readonly watchers: readonly Watcher[];
  readonly found: readonly FoundTable[];
  /** Of these the triggers were made just now, of those they could not be. */
  readonly made: ReadonlySet<number>;
  readonly late: ReadonlySet<number>;
  /** When it was begun; by `performance.now()`. */
  readonly at: number;
}

/** Why not all tables of a watcher are followed. */
interface Gap {
  /** When they last were. */
  readonly since: number;
  /** For people. */
  readonly trouble: string;
}

/** Those who follow tables, each of whom is told of its own. */
export class Watchers {
  readonly #placed = new Map<Watcher, Placed>();
  readonly #gaps = new Map<Watcher, Gap>();
  /** When the last survey was begun. */
  #surveyedAt = -Infinity;

  add(watcher: Watcher, placed: Placed): Disposable {
    this.#placed.set(watcher, placed);
    return {
      [Symbol.dispose]: () => {
        this.#placed.delete(watcher);
        this.#gaps.delete(watcher);
      },
    };
  }

  /** Why not all tables of a watcher are followed; undefined while they are. */
  gapOf(watcher: Watcher): Gap | undefined {
    return this.#gaps.get(watcher);
  }

  list(): readonly Watcher[] {
    return [...this.#placed.keys()];
  }

  /** Tells of changes. Of what happened alike several times, and without rows, it is told once. */
  tell(changes: readonly NotedChange[]): void {
    if (changes.length === 0) return;
    for (const [watcher, placed] of this.#placed) {
      const told = changesFor(watcher, placed, changes);
      if (told.length > 0) watcher.listener(told);
    }
  }

  /** Anything may have changed. */
  tellAll(): void {
    for (const [{ listener }, placed] of this.#placed) listener(anyChange([...new Set(namesIn(placed))]));
  }

  /** Takes over how tables are found to be, and tells of those of which something may have been missed. */
  replace({ watchers, ...survey }: Survey): void {
    for (const watcher of watchers) {
      const before = this.#placed.get(watcher);
      if (before === undefined) continue;
      const { placed, missed } = placeAnew(watcher, before, survey);
      this.#placed.set(watcher, placed);
      if (missed.length > 0) watcher.listener(anyChange(missed));
      this.#note(watcher, troubleOf(watcher, survey));
    }
    this.#surveyedAt = survey.at;
  }

  #note(watcher: Watcher, trouble: string | undefined): void {
    const since = this.#gaps.get(watcher)?.since ?? this.#surveyedAt;
    if (trouble === undefined) this.#gaps.delete(watcher);
    else this.#gaps.set(watcher, { since, trouble });
  }
}

/** The tables that somebody follows, each once. */
export function wantedBy(watchers: readonly Watcher[]): readonly WantedTable[] {
  const wanted = new Map<string, WantedTable>();
  for (const { schema, names, rows } of watchers) {
    for (const name of names) {
      const key = JSON.stringify([schema, name]);
      wanted.set(key, { schema, name, rows: rows || wanted.get(key)?.rows === true });
    }
  }
  return [...wanted.values()];
}

/** Why changes of a watcher's tables are not all told; undefined when they are. */
function troubleOf(
  { schema, names, rows }: Watcher,
  { found, late }: Pick<Survey, "found" | "late">,
): string | undefined {
  const own = found.filter((table) => table.schema === schema && names.includes(table.name));
  if (names.some((name) => !own.some((table) => table.name === name))) return "A table of the database is missing";
  const isLate = own.some((table) => late.has(table.relation) && !isNoted(table, rows));
  return isLate ? "Changes of a table of the database cannot be followed now" : undefined;
}

/** Of a table that is gone nothing is missed: whoever reads it would only fail. */
function placeAnew(
  { schema, names }: Watcher,
  before: Placed,
  { found, made, late }: Pick<Survey, "found" | "made" | "late">,
): { readonly placed: Placed; readonly missed: readonly string[] } {
  const placed = new Map<number, Place>();
  for (const table of found) {
    if (table.schema !== schema || !names.includes(table.name)) continue;
    if (late.has(table.relation) && !before.has(table.relation)) continue;
    placed.set(table.relation, placeOf(table, placed.get(table.relation)));
  }
  const missed = new Set<string>();
  for (const [relation, place] of placed) {
    const known = before.get(relation);
    for (const name of place.names) {
      if (made.has(relation) || known?.names.includes(name) !== true || known.shape !== place.shape) missed.add(name);
    }
  }
  const there = new Set(namesIn(placed));
  for (const [relation, { names: called }] of before) {
    // A partition was dropped, or is none any more.
    if (!placed.has(relation)) for (const name of called) if (there.has(name)) missed.add(name);
  }
  return { placed, missed: [...missed] };
}

function namesIn(placed: Placed): readonly string[] {
  return [...placed.values()].flatMap(({ names }) => names);
}

function anyChange(tables: readonly string[]): readonly TableChange[] {
  return tables.map((table) => ({ table, operation: "update", rows: undefined }));
}

function changesFor(
  { rows: wanted }: Watcher,
  placed: Placed,
  changes: readonly NotedChange[],
): readonly TableChange[] {
  const told: TableChange[] = [];
  const seen = new Set<string>();
  for (const { relation, operation, rows } of changes) {
    for (const table of placed.get(relation)?.names ?? []) {
      const change: TableChange = { table, operation, rows: wanted ? rows : undefined };
      const key = `${operation} ${table}`;
      if (change.rows === undefined && seen.has(key)) continue;
      if (change.rows === undefined) seen.add(key);
      told.push(change);
    }
  }
  return told;
}
