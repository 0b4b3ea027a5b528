/**
 * Some top-level declarations of a TypeScript file, each with the comment above it, and the imports of some names, as
 * they follow each other there.
 *
 * @param file Named in errors.
 * @throws Error when a name is neither declared nor imported.
 */
export function declarationsIn(file: string, source: string, names: readonly string[]): string {
  const parts = topLevelParts(source);
  for (const name of names) {
    if (!parts.some((part) => isAbout(part, name))) throw new Error(`${file} neither declares nor imports ${name}`);
  }
  const chosen = parts.filter((part) => names.some((name) => isAbout(part, name)));
  return chosen.reduce((before, part) => `${before}${separator(before, part)}${part}`, "");
}

/** Statements that begin at the left margin, with the comments right above them. */
function topLevelParts(source: string): readonly string[] {
  const lines = source.split("\n");
  const parts: string[] = [];
  let current: string[] = [];
  for (const line of lines) {
    if (line === "" && current.length === 0) continue;
    current.push(line);
    const ends = /^(?:import\b.*;|export \{.*;|export type \{.*;|[})\]].*)$/.test(line);
    if (!ends) continue;
    parts.push(current.join("\n"));
    current = [];
  }
  return parts;
}

function isAbout(part: string, name: string): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  if (isImport(part)) return word.test(part.replace(/from .*/, ""));
  return new RegExp(
    `^(?:export )?(?:abstract )?(?:async )?(?:function|class|interface|const|type) ${name}\\b`,
    "m",
  ).test(part);
}

function separator(before: string, part: string): string {
  if (before === "") return "";
  return isImport(part) ? "\n" : "\n\n";
}

/** Or what hands an import on. */
function isImport(part: string): boolean {
  return /^(?:import\b|export (?:type )?\{)/.test(part);
}
