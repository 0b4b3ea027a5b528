import { messageOf, PeekError } from "@peek/errors";
import { nestedDeeper } from "./nestedDeeper.ts";
import { maxDepth } from "./tags.ts";
import { untag } from "./untag.ts";

/** What a message shows of a text. */
const maxShown = 100;

/**
 * The value that {@link encode} made a text of. The text may come from anybody.
 *
 * @throws PeekError `DATA_INVALID`, with the path, for a text that `encode` would never make: no JSON, more than 100
 *   levels, a property `__proto__`, a tag that is unknown or malformed, a text that is not well-formed or has the character NUL.
 */
export function decode(text: string): unknown {
  if (text === "") return undefined;
  // A text of 200 characters has room for 100 levels, each opened and closed.
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

/** Whether a key could be a tag or `__proto__`, either may be written with escapes, or a text could be one that is refused. */
function mayNeedUntagging(text: string): boolean {
  // Looking for one character is many times quicker than for two, and mostly finds none.
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
