/** A habit of wording that hides the subject of a sentence, and how to write instead. */
interface Habit {
  readonly pattern: RegExp;
  readonly instead: string;
}

const habits: readonly Habit[] = [
  { pattern: /\bwho(?:m|so)?ever\b/i, instead: "Name the person or the part." },
  { pattern: /\bwhatever\b/i, instead: "Name the thing, or write “any …”." },
  { pattern: /\bthat which\b/i, instead: "Name the thing." },
  { pattern: /\bas (?:it|they) should\b/i, instead: "Say what failed." },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, instead: "Write “fix”." },
  { pattern: /\b(?:tell|tells|told|telling) of\b/i, instead: "Write “report” or “notify of”." },
  { pattern: /\b(?:is|are|was|were) told\b/i, instead: "Write “is notified”, or name who says it." },
  {
    pattern:
      /(?:^|[.:!] )What(?: \w+){0,2} (?:is|are|was|were|has|have|comes|came|goes|waits|runs|cannot|does|did|it|they|a|the)\b[^?]*$/,
    instead: "Begin with the noun: not “What is waiting”, but “Waiting messages”.",
  },
  { pattern: /; (?:milli)?seconds\.(?:\s|$)/, instead: "Put the unit into the name (`…Ms`) or into the sentence." },
];

/** One place where a habit was found. */
export interface ProseFault {
  /** The line, from 1. */
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** Finds the habits in the prose of a file: all of a Markdown page but its code; comments and texts of a TypeScript file. */
export function proseFaults(file: string, text: string): readonly ProseFault[] {
  const lines = file.endsWith(".md") ? markdownProse(text) : codeProse(text);
  return lines.flatMap((prose, index) =>
    habits.flatMap(({ pattern, instead }) => {
      const found = pattern.exec(prose)?.[0].trim();
      return found === undefined ? [] : [{ line: index + 1, found, instead }];
    }),
  );
}

function markdownProse(text: string): readonly string[] {
  let isCode = false;
  return text.split("\n").map((line) => {
    if (/^\s*(?:```|~~~)/.test(line)) {
      isCode = !isCode;
      return "";
    }
    return isCode ? "" : line.replaceAll(/`[^`]*`/g, "").replace(/^[\s>#*|-]+/, "");
  });
}

/** The comments and string literals of each line. A rough cut: no habit is likely in other code. */
function codeProse(text: string): readonly string[] {
  let isComment = false;
  return text.split("\n").map((line) => {
    if (/^\s*\/\*\*?/.test(line)) isComment = true;
    const wasComment = isComment;
    if (line.includes("*/")) isComment = false;
    if (wasComment)
      return line
        .replace(/^\s*\/?\*+\/?\s?/, "")
        .replace(/\s*\*\/.*$/, "")
        .replace(/^@\w+ \S+ ?/, "");
    const comment = /(?:^|\s)\/\/ (.*)$/.exec(line)?.[1] ?? "";
    const texts = [...line.matchAll(/"([^"\\]*)"|`([^`]*)`?/g)].map((match) => match[1] ?? match[2] ?? "");
    return [comment, ...texts].filter((each) => each.includes(" ")).join(" | ");
  });
}
