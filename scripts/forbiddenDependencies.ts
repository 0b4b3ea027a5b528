import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRules } from "./packageRules.ts";

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The dependencies between the folders of `packages` that {@link packageRules} does not allow, a sentence for each. */
export function forbiddenDependencies(workspaceDir: string): readonly string[] {
  const folders = readdirSync(join(workspaceDir, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "testing")
    .map(({ name }) => name);
  return folders.flatMap((folder) => {
    const allowed = packageRules[folder];
    if (allowed === undefined) {
      return [`scripts/packageRules.ts has no entry for packages/${folder}. Add the packages that it may import.`];
    }
    return peekDependencies(workspaceDir, folder)
      .filter((name) => !allowed.includes(name))
      .map(
        (name) =>
          `packages/${folder} must not depend on @peek/${name}. It may import ${list(allowed)}. See scripts/packageRules.ts.`,
      );
  });
}

function peekDependencies(workspaceDir: string, folder: string): readonly string[] {
  const text = readFileSync(join(workspaceDir, "packages", folder, "package.json"), "utf8");
  const { dependencies = {} }: Package = JSON.parse(text);
  return Object.keys(dependencies)
    .filter((name) => name.startsWith("@peek/"))
    .map((name) => name.slice("@peek/".length));
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "no package of Peek" : names.join(", ");
}
