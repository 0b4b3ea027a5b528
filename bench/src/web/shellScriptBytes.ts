import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { workspaceDir } from "../paths.ts";

const builtShell = z.object({ module: z.string(), preloads: z.array(z.string()) });

/** The JavaScript of the shell before its first use, in bytes after gzip. */
export async function shellScriptBytes(): Promise<number> {
  const dist = join(workspaceDir, "packages", "shell", "dist");
  const { module, preloads } = builtShell.parse(JSON.parse(await readFile(join(dist, "shell.json"), "utf8")));
  const contents = await Promise.all([module, ...preloads].map((file) => readFile(join(dist, file))));
  return contents.reduce((sum, content) => sum + gzipSync(content, { level: 9 }).length, 0);
}
