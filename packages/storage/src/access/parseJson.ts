/** Sixteen digits in a row, a point among them or not: what a number may lose something of. */
const manyDigits = /\d[\d.]{15}/;
const integer = /^-?\d+$/;

/**
 * A `json` or `jsonb` value. A whole number beyond 2^53 becomes a bigint, so that no digit is lost; one with decimals
 * is what JSON numbers are everywhere, a double.
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
