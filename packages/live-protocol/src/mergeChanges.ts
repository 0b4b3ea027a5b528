import type { Changes } from "./Changes.ts";

/**
 * Several changes, one after the other, as one. Rows that were taken out or put in anywhere are taken out, and put in where
 * they are in the end; all others have kept their order through all of it, so that new texts are enough for them.
 *
 * @param rows What there is after the last of them.
 */
export function mergeChanges(all: readonly Changes<string>[], rows: ReadonlyMap<string, string>): Changes<string> {
  const [first] = all;
  if (first !== undefined && all.length === 1) return first;
  const removed = new Set<string>();
  const placed = new Set<string>();
  const touched = new Set<string>();
  for (const changes of all) {
    for (const key of changes.removed) removed.add(key);
    for (const [, key] of changes.inserted) placed.add(key);
    for (const [key] of changes.updated) touched.add(key);
  }
  const updated: [string, string][] = [];
  for (const key of touched) {
    const text = rows.get(key);
    if (text !== undefined && !removed.has(key) && !placed.has(key)) updated.push([key, text]);
  }
  return { removed: [...removed], updated, inserted: insertedOf(placed, rows) };
}

function insertedOf(
  keys: ReadonlySet<string>,
  rows: ReadonlyMap<string, string>,
): readonly (readonly [number, string, string])[] {
  const inserted: [number, string, string][] = [];
  if (keys.size === 0) return inserted;
  let place = 0;
  for (const [key, text] of rows) {
    if (keys.has(key)) inserted.push([place, key, text]);
    place += 1;
  }
  return inserted;
}
