import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { declarationsIn } from "./declarationsIn.ts";
import { workspaceDir } from "./workspace.ts";

// <!-- snippet: path --> or <!-- snippet: path (name, name) -->, then a fenced block.
const snippet = /^(<!-- snippet: (\S+)(?: \(([^)]*)\))? -->\n+)(`{3,})[^\n]*\n(?:[\s\S]*?\n)??\4$/gm;
const marker = /^<!-- snippet: /gm;

const languages: Readonly<Record<string, string>> = {
  ".ts": "ts",
  ".tsx": "tsx",
  ".html": "html",
  ".json": "json",
  ".yaml": "yaml",
  ".js": "js",
};

/**
 * Replaces the fenced block after each `<!-- snippet: path -->` by the file's content; `(name, name)` behind the path
 * takes only the declarations and imports of these names.
 *
 * @param page Named in errors.
 */
export function fillSnippets(page: string, text: string): string {
  const found = text.match(snippet)?.length ?? 0;
  const marked = text.match(marker)?.length ?? 0;
  if (found !== marked) throw new Error(`${page} has a snippet that is not followed by a fenced block`);
  return text.replace(snippet, (_whole, begin: string, file: string, names: string | undefined, fence: string) => {
    const path = join(workspaceDir, file);
    if (!existsSync(path)) throw new Error(`${page} shows ${file}, which is not there`);
    const source = readFileSync(path, "utf8");
    const shown = names === undefined ? source : declarationsIn(file, source, names.split(/,\s*/));
    return `${begin}${fence}${languages[extname(file)] ?? ""}\n${shown.trimEnd()}\n${fence}`;
  });
}
