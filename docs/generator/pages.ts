import { globSync } from "node:fs";
import { workspaceDir } from "./workspace.ts";

/** Every document of the workspace, by its path from there. */
export function pages(): readonly string[] {
  return globSync(["*.md", "packages/*/README.md", "docs/*.md", "docs/!(node_modules)/**/*.md"], { cwd: workspaceDir })
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
}
