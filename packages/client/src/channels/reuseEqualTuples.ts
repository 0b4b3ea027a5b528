import { encode } from "@peek/plugin-base/contracts";

/**
 * The next tuples, with those of the ones before that are equal in their places; the list before, when all of it is. What was
 * foretold and has come about is no news.
 */
export function reuseEqualTuples<T>(before: readonly T[], next: readonly T[]): readonly T[] {
  const stay = new Set(next);
  const gone = before.filter((tuple) => !stay.has(tuple));
  if (gone.length === 0 && isSame(before, next)) return before;
  const known = new Set(before);
  const byText = new Map(gone.map((tuple) => [textOf(tuple), tuple]));
  const result = next.map((tuple) => (known.has(tuple) ? tuple : (byText.get(textOf(tuple)) ?? tuple)));
  return isSame(before, result) ? before : result;
}

function isSame<T>(before: readonly T[], next: readonly T[]): boolean {
  return before.length === next.length && next.every((tuple, place) => tuple === before[place]);
}

/** What cannot be encoded, which an application made up, is like nothing else. */
function textOf(value: unknown): unknown {
  try {
    return encode(value);
  } catch {
    return Symbol("unlike any other");
  }
}
