import type { Changes } from "./Changes.ts";
import { tupleKey } from "./tupleKey.ts";

/**
 * {@link Changes} as they are sent. A receiver first removes `r`, then replaces the tuples with the keys of `u`, then inserts `i` at
 * their final places, in this order. All other tuples keep their order.
 *
 * A tuple is the JSON that `encode` of @peek/plugin-base/contracts made; its key is its {@link tupleKey}.
 */
export interface Delta {
  /** Keys of the tuples to remove, also of tuples that are inserted again elsewhere. Unknown keys are ignored. Default: none. */
  readonly r?: readonly string[];
  /** Tuples that replace those with the same keys. Default: none. */
  readonly u?: readonly unknown[];
  /** Tuples with their final places, from 0, in rising order. Default: none. */
  readonly i?: readonly (readonly [number, unknown])[];
}

/** The fields of a {@link Delta} as JSON without the braces around them: `"r":[…],"u":[…]`. Without changes: the empty text. */
export function deltaFields({ removed, updated, inserted }: Changes<string>): string {
  const fields: string[] = [];
  if (removed.length > 0) fields.push(`"r":${JSON.stringify(removed)}`);
  // The texts of rows are JSON already.
  if (updated.length > 0) fields.push(`"u":[${updated.map(([, text]) => text).join(",")}]`);
  if (inserted.length > 0) {
    fields.push(`"i":[${inserted.map(([place, , text]) => `[${place},${text}]`).join(",")}]`);
  }
  return fields.join(",");
}

/**
 * Reads a delta as {@link Changes}.
 *
 * @param keyFields The key fields of its tuples.
 * @param rowOf Makes a row of a tuple as `JSON.parse` returns it.
 */
export function readDelta<Row>(
  { r = [], u = [], i = [] }: Delta,
  keyFields: readonly string[],
  rowOf: (tuple: unknown) => Row,
): Changes<Row> {
  return {
    removed: r,
    updated: u.map((tuple) => [tupleKey(tuple, keyFields), rowOf(tuple)]),
    inserted: i.map(([place, tuple]) => [place, tupleKey(tuple, keyFields), rowOf(tuple)]),
  };
}
