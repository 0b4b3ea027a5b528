import type { Changes } from "./Changes.ts";

/**
 * Makes the changes in a list of rows, by key; its order is that of the map. Takes no longer than the changes are long, unless
 * something is put in between others.
 */
export function applyChanges<Row>(rows: Map<string, Row>, { removed, updated, inserted }: Changes<Row>): void {
  for (const key of removed) rows.delete(key);
  // One that is not there was removed since: what replaces it has no place.
  for (const [key, row] of updated) if (rows.has(key)) rows.set(key, row);
  for (const [, key] of inserted) rows.delete(key);
  const [first] = inserted;
  if (first === undefined) return;
  const rest = first[0] < rows.size ? [...rows] : [];
  if (rest.length > 0) rows.clear();
  let next = 0;
  const fill = (end: number): void => {
    for (; rows.size < end && next < rest.length; next += 1) {
      const row = rest[next];
      if (row !== undefined) rows.set(row[0], row[1]);
    }
  };
  for (const [place, key, row] of inserted) {
    fill(place);
    rows.set(key, row);
  }
  fill(Infinity);
}
