import { messageOf, PeekError } from "@peek/errors";
import { isPlainJson } from "./isPlainJson.ts";
import { taggedCopy } from "./taggedCopy.ts";
import { mayHaveTextFault } from "./textFault.ts";

/**
 * Encodes a value as a text from which {@link decode} makes an equal value: JSON on one line, without tabs; the empty text for
 * undefined.
 *
 * Preserved are null, booleans, texts, all numbers, bigints, undefined (also as an element or a property), dates, bytes, maps,
 * sets, lists and plain objects, however nested. Not preserved: a hole in a list becomes undefined, a Buffer a Uint8Array, an object without prototype a plain one, and a value
 * that occurs twice becomes two equal values. Properties with symbols as keys, and properties of lists, dates, maps and sets, are
 * omitted.
 *
 * @throws PeekError `DATA_INVALID`, with the path, for a text, also a key, that is not well-formed or has the character NUL: see
 *   {@link textFault}.
 * @throws PeekError `DATA_UNENCODABLE`, with the path, for a function, a symbol, an instance of another class, an object that
 *   contains itself or has a property `__proto__`, a bigint of more than 100,000 digits, or more than 100 levels: lists and
 *   objects count one, sets two, maps three, and any other value that JSON does not have counts one.
 */
export function encode(value: unknown): string {
  if (value === undefined) return "";
  try {
    if (!isPlainJson(value, 0)) return JSON.stringify(taggedCopy(value));
    const text = JSON.stringify(value);
    // The copy is made only for its checks, which know the path.
    if (mayHaveTextFault(text)) taggedCopy(value);
    return text;
  } catch (cause) {
    if (PeekError.is(cause)) throw cause;
    // A getter or a proxy threw, or the text would exceed the maximum length of strings.
    throw new PeekError("DATA_UNENCODABLE", `The value cannot be sent: ${messageOf(cause)}. Send plain data`, {
      cause,
      fields: { path: "$" },
    });
  }
}
