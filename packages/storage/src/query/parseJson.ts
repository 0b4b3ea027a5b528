/** Sixteen digits in a row, with a decimal point or not: a number of that length may not be exact as a double. */
const manyDigits = /\d[\d.]{15}/;
const integer = /^-?\d+$/;

/**
 * Parses a `json` or `jsonb` value. An integer beyond 2^53 becomes a bigint, so that no digit is lost; a number with
 * decimals becomes a double, as in every JSON parser.
 */
export function parseJson(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text);
  return JSON.parse(text, exact);
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return integer.test(source) ? BigInt(source) : value;
}
