/**
 * How values are written that JSON does not have: an object of one key, the tag. An ordinary key that begins with `$` is
 * written with one more.
 */
export const Tag = {
  /** ISO 8601 in UTC with milliseconds; null for an invalid date. */
  date: "$date",
  /** Its decimal digits, at most {@link maxDigits}. */
  bigint: "$bigint",
  /** Base64. */
  bytes: "$bytes",
  /** Always 0. */
  undefined: "$undefined",
  /** One of {@link specialNumbers}. */
  number: "$number",
  /** A list of pairs. */
  map: "$map",
  /** A list. */
  set: "$set",
} as const;

/** The numbers that JSON does not have, by what is written for them. */
export const specialNumbers: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** How many digits a bigint may have: the time that they take grows faster than their number. */
export const maxDigits = 100_000;

/** How many levels of lists and objects the text of a value may have, tags included. */
export const maxDepth = 100;

/** The first character of tags. */
export const tagCode = 36;
