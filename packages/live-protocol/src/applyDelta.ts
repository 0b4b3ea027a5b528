import { applyChanges } from "./applyChanges.ts";
import type { Delta } from "./Delta.ts";
import { readDelta } from "./readDelta.ts";

/**
 * Makes the changes of a delta in a list of tuples, by key, in the order of the map; as `JSON.parse` gives them.
 *
 * @param keyFields The key fields of the tuples.
 */
export function applyDelta(rows: Map<string, unknown>, delta: Delta, keyFields: readonly string[]): void {
  applyChanges(
    rows,
    readDelta(delta, keyFields, (tuple) => tuple),
  );
}
