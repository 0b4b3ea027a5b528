import type { Plugin } from "rolldown";

/** A character beyond ASCII, with the backslash before it, if any. */
const beyondAscii = /\\?[^\p{ASCII}]/gu;

/**
 * Writes characters beyond ASCII as escapes. One such character in a file makes V8 keep the whole text with two bytes for
 * each character, as long as the process runs.
 */
export function asciiOnly(): Plugin {
  return {
    name: "ascii-only",
    // Not earlier: what prints the files writes characters.
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") file.code = file.code.replace(beyondAscii, escapeOf);
      }
    },
  };
}

function escapeOf(found: string): string {
  // The backslash may belong to another one before it: which it is cannot be seen here.
  if (found.startsWith("\\")) throw new Error(`A backslash precedes ${found.slice(1)}, which cannot be escaped`);
  return Array.from(
    { length: found.length },
    (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
