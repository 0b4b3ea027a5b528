import { Sha256 } from "./Sha256.ts";

/** So many characters are hashed at a time. */
const chunkChars = 64 * 1024;

/**
 * What tells one list of tuples from any other, in this order: the same on services and in browsers. 64 hexadecimal digits.
 *
 * @param texts The tuples, each as `JSON.stringify` writes what `encode` of @peek/plugin-base/contracts made.
 */
export function digestOf(texts: Iterable<string>): string {
  const hash = new Sha256();
  const encoder = new TextEncoder();
  let chunk = "";
  for (const text of texts) {
    // Without the length, one row could read as two.
    chunk += `${text.length}:${text}`;
    if (chunk.length < chunkChars) continue;
    hash.update(encoder.encode(chunk));
    chunk = "";
  }
  return hash.update(encoder.encode(chunk)).hex();
}
