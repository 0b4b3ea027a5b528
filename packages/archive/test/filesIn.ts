import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The content of all files in a folder, by their paths. */
export function filesIn(dir: string): Readonly<Record<string, string>> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((file) => [relative(dir, file), readFileSync(file, "latin1")]));
}
