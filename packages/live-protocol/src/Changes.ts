/**
 * The difference between two ordered lists of rows with keys. A row is the JSON text of a tuple on services, and a parsed tuple in
 * browsers. `Delta` is the same without the keys, as it is sent.
 */
export interface Changes<Row> {
  /** Keys of the rows to remove, also of rows that are inserted again elsewhere. Unknown keys are ignored. */
  readonly removed: readonly string[];
  /** Rows that replace the rows with the same keys in their places. Rows with unknown keys are ignored. */
  readonly updated: readonly (readonly [key: string, row: Row])[];
  /** Rows with their final places, from 0, in rising order. */
  readonly inserted: readonly (readonly [place: number, key: string, row: Row])[];
}

/** Whether the changes change nothing. */
export function isNoop({ removed, updated, inserted }: Changes<unknown>): boolean {
  return removed.length === 0 && updated.length === 0 && inserted.length === 0;
}

/**
 * Applies the changes to a list of rows by key; the order of the map is the order of the list. The time depends on the number of
 * changes only, unless a row is inserted before others.
 */
export function applyChanges<Row>(rows: Map<string, Row>, { removed, updated, inserted }: Changes<Row>): void {
  for (const key of removed) rows.delete(key);
  // An absent key was removed since: its row has no place any more.
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

/**
 * Merges consecutive changes into one. A row that any of them removed or inserted is removed and inserted at its final place. All
 * other rows have kept their order, so their last texts are enough.
 *
 * @param rows The rows after the last of the changes.
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
  return { removed: [...removed], updated, inserted: insertedRows(placed, rows) };
}

function insertedRows(
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
