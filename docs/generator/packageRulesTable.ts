import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "./markdownTable.ts";
import { workspaceDir } from "./workspace.ts";

/** The packages of the platform, from the lowest layer up, each with its purpose and the packages that it may import. */
export function packageRulesTable(): string {
  const rules: Readonly<Record<string, readonly string[]>> = JSON.parse(
    readFileSync(join(workspaceDir, "scripts", "packageRules.json"), "utf8"),
  );
  const rows = Object.entries(rules).map(([name, allowed]) => [
    `[${name}](packages/${name}/README.md)`,
    description(name),
    allowed.length === 0 ? "none" : allowed.join(", "),
  ]);
  return markdownTable(["package", "purpose", "may import"], rows);
}

function description(name: string): string {
  const { description }: { readonly description: string } = JSON.parse(
    readFileSync(join(workspaceDir, "packages", name, "package.json"), "utf8"),
  );
  return description;
}
