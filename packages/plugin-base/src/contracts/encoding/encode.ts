import { messageOf, PeekError } from "@peek/errors";
import { isPlainJson } from "./isPlainJson.ts";
import { taggedCopy } from "./taggedCopy.ts";
import { mayHaveTextFault } from "./textFault.ts";

/**
 * A value as a text that {@link decode} makes an equal value of: JSON on one line, without tabs, and the empty text for
 * undefined.
 *
 * Exact are null, booleans, texts, all numbers, bigints, undefined (also as an element or a property), dates, bytes, maps,
 * sets, lists and plain objects, however nested. What differs afterwards: a hole in a list is undefined, a Buffer is a
 * Uint8Array, an object without prototype has the usual one, and what is there twice is two equal values. Properties of
 * symbols, and properties of lists, dates, maps and sets, are left out.
 *
 * @throws PeekError `DATA_INVALID`, with the path, for a text, also a key, that is not well-formed or has the character NUL: see
 *   {@link textFault}.
 * @throws PeekError `DATA_UNENCODABLE`, with the path, for a function, a symbol, an object of any other class, one that
 *   contains itself or has a property `__proto__`, a bigint of more than 100,000 digits, or more than 100 levels: lists and
 *   objects count one, sets two, maps three, and any other value that JSON does not have counts one.
 */
export function encode(value: unknown): string {
  if (value === undefined) return "";
  try {
    if (!isPlainJson(value, 0)) return JSON.stringify(taggedCopy(value));
    const text = JSON.stringify(value);
    // The copy is made for its checks alone: it knows the path.
    if (mayHaveTextFault(text)) taggedCopy(value);
    return text;
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    // A getter or a proxy threw, or the text would be longer than texts can be.
    throw new PeekError("DATA_UNENCODABLE", `The value cannot be sent: ${messageOf(cause)}. Send plain data`, {
      cause,
      fields: { path: "$" },
    });
  }
}
