import { encode } from "@peek/plugin-base/contracts";

/**
 * Structural sharing: the next tuples, with objects of the list before in place of equal ones; the list before, if all are equal. An
 * optimistic update that came true so changes no object.
 */
export function reuseEqualTuples<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  const kept = new Set(next);
  const gone = before.filter((tuple) => !kept.has(tuple));
  if (gone.length === 0 && isSame(before, next)) return before;
  const known = new Set(before);
  const byText = new Map(gone.map((tuple) => [textOf(tuple), tuple]));
  const result = next.map((tuple) => (known.has(tuple) ? tuple : (byText.get(textOf(tuple)) ?? tuple)));
  return isSame(before, result) ? before : result;
}

function isSame<T>(before: readonly T[], next: readonly T[]): boolean {
  return before.length === next.length && next.every((tuple, place) => tuple === before[place]);
}

/** A tuple of an optimistic update may not be encodable: it equals no other. */
function textOf(value: unknown): unknown {
  try {
    return encode(value);
  } catch {
    return Symbol("not encodable");
  }
}
