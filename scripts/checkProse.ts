// Reports wording that hides the subject of a sentence, in messages, comments and documents: `node scripts/checkProse.ts [folder or file…]`.
import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { proseFaults } from "./proseFaults.ts";

const workspaceDir = dirname(import.meta.dirname);
const extensions = "**/*.{md,ts,tsx}";

/** The files of a folder, or the file itself. */
const filesIn = (path: string): readonly string[] =>
  statSync(path).isDirectory() ? globSync(extensions, { cwd: path }).map((file) => join(path, file)) : [path];

const everywhere = [
  ...globSync(["*.md", "packages/*/README.md", "docs/!(node_modules)/**/*.md", "docs/*.md"], { cwd: workspaceDir }),
  ...globSync(
    ["packages", "services", "plugins"].map((folder) => `${folder}/*/{src,web/src}/${extensions}`),
    {
      cwd: workspaceDir,
    },
  ),
];
const files = process.argv.length > 2 ? process.argv.slice(2).flatMap(filesIn) : everywhere;

let count = 0;
for (const file of files) {
  for (const { line, found, instead } of proseFaults(file, readFileSync(resolve(workspaceDir, file), "utf8"))) {
    console.error(`${file}:${line}: “${found}”. ${instead}`);
    count += 1;
  }
}
if (count > 0) {
  console.error(`${count} sentences hide their subject. See “English” in CONTRIBUTING.md.`);
  process.exitCode = 1;
}
