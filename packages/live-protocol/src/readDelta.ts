import type { Changes } from "./Changes.ts";
import type { Delta } from "./Delta.ts";
import { keyTextOf } from "./keyTextOf.ts";

/**
 * A delta as changes, for {@link applyChanges}.
 *
 * @param keyFields The key fields of its tuples.
 * @param rowOf What a row of the list is, made of a tuple as `JSON.parse` gives it.
 */
export function readDelta<Row>(
  { r = [], u = [], i = [] }: Delta,
  keyFields: readonly string[],
  rowOf: (tuple: unknown) => Row,
): Changes<Row> {
  return {
    removed: r,
    updated: u.map((tuple) => [keyTextOf(tuple, keyFields), rowOf(tuple)]),
    inserted: i.map(([place, tuple]) => [place, keyTextOf(tuple, keyFields), rowOf(tuple)]),
  };
}
