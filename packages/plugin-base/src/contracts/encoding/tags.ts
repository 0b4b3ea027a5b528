/**
 * The encoding of values that JSON does not represent: an object with one key, the tag. An ordinary key that begins with `$` gets
 * another `$` in front.
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

/** The numbers that JSON does not represent, by their texts. */
export const specialNumbers: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** The maximum number of digits of a bigint: the time grows faster than the number of digits. */
export const maxDigits = 100_000;

/** The maximum number of levels of lists and objects in a text, including tags. */
export const maxDepth = 100;

/** The first character of tags. */
export const tagCode = 36;
