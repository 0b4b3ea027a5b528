/**
 * What makes one ordered list of rows, by key, out of another: a `Delta` whose keys are known. A row is the JSON text of a
 * tuple on services, and what was parsed of it in browsers.
 */
export interface Changes<Row> {
  /** Keys of rows that are gone, or are put in again elsewhere; one that is not there does not matter. */
  readonly removed: readonly string[];
  /** Rows that replace those with their keys, which stay where they are. */
  readonly updated: readonly (readonly [key: string, row: Row])[];
  /** Rows with the places, from 0, that they have in the end; rising. */
  readonly inserted: readonly (readonly [place: number, key: string, row: Row])[];
}

/** Whether they change nothing. */
export function isNothing({ removed, updated, inserted }: Changes<unknown>): boolean {
  return removed.length === 0 && updated.length === 0 && inserted.length === 0;
}
