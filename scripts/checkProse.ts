// Reports wording that hides the subject of a sentence, in messages, comments and documents: `node scripts/checkProse.ts [folder…]`.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { proseFaults } from "./proseFaults.ts";

const workspaceDir = dirname(import.meta.dirname);
const places = process.argv.slice(2);
const patterns = [
  "packages/*/src/**",
  "services/*/src/**",
  "plugins/*/src/**",
  "plugins/*/web/src/**",
  "*.md",
  "docs/**",
  "packages/*/README.md",
];
const listed = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...(places.length > 0 ? places : patterns)],
  {
    cwd: workspaceDir,
    encoding: "utf8",
  },
);
const files = listed.split("\n").filter((file) => /\.(?:md|tsx?)$/.test(file) && existsSync(join(workspaceDir, file)));
let count = 0;
for (const file of files) {
  for (const { line, found, instead } of proseFaults(file, readFileSync(join(workspaceDir, file), "utf8"))) {
    console.error(`${file}:${line}: “${found}”. ${instead}`);
    count += 1;
  }
}
if (count > 0) {
  console.error(`${count} sentences hide their subject. See “English” in CONTRIBUTING.md.`);
  process.exitCode = 1;
}
