import { sha256 } from "#sha256";

/** The number of characters that are hashed at a time. */
const chunkChars = 64 * 1024;

/**
 * The digest of a list of tuples in its order: equal lists, and only those, have the same digest, on services and in browsers. 64
 * hexadecimal digits.
 *
 * @param texts The tuples; each as `JSON.stringify` writes the value that `encode` of @peek/plugin-base/contracts made.
 */
export function digestOf(texts: Iterable<string>): string {
  return sha256(chunksOf(texts));
}

function* chunksOf(texts: Iterable<string>): Iterable<string> {
  let chunk = "";
  for (const text of texts) {
    // Without the length, one row could read as two.
    chunk += `${text.length}:${text}`;
    if (chunk.length < chunkChars) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}
