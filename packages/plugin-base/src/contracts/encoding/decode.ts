import { messageOf, PeekError } from "@peek/errors";
import { nestedDeeper } from "./nestedDeeper.ts";
import { maxDepth } from "./tags.ts";
import { untag } from "./untag.ts";

/** The maximum length of a quoted text in a message. */
const maxShown = 100;

/**
 * Decodes a text of {@link encode}. The text may come from any client.
 *
 * @throws PeekError `DATA_INVALID`, with the path, for a text that `encode` never makes: invalid JSON, more than 100
 *   levels, a property `__proto__`, an unknown or malformed tag, a text that is not well-formed or has the character NUL.
 */
export function decode(text: string): unknown {
  if (text === "") return undefined;
  // A text of up to 200 characters has at most 100 levels, each opened and closed.
  if (text.length > 2 * maxDepth && nestedDeeper(text, maxDepth)) {
    throw invalid(`has more than ${maxDepth} levels`);
  }
  const value = parse(text);
  return mayNeedUntagging(text) ? untag(value) : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`is not JSON: ${messageOf(error).slice(0, maxShown)}`);
  }
}

/** Whether a key may be a tag or `__proto__`, also with escapes, or a text may be refused. */
function mayNeedUntagging(text: string): boolean {
  // Searching for one character is many times faster than for two, and mostly finds none.
  return (
    (text.includes("$") && text.includes('"$')) ||
    (text.includes("\\") && text.includes("\\u")) ||
    text.includes("__proto__") ||
    !text.isWellFormed()
  );
}

function invalid(what: string): PeekError {
  return new PeekError("DATA_INVALID", `The text of a value ${what}`, { fields: { path: "$" } });
}
