import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * The folders under `packages` that the code of each may depend on, and nothing else of the workspace. The keys are in the order of
 * the layers: a package depends only on packages before it. Tests may import more (`devDependencies`).
 */
type PackageRules = Readonly<Record<string, readonly string[]>>;

const rulesFile = "scripts/packageRules.json";

/** The dependencies between the folders of `packages` that scripts/packageRules.json does not allow, one sentence each. */
export function forbiddenDependencies(workspaceDir: string): readonly string[] {
  const packageRules: PackageRules = JSON.parse(readFileSync(join(workspaceDir, rulesFile), "utf8"));
  const folders = readdirSync(join(workspaceDir, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "testing")
    .map(({ name }) => name);
  return folders.flatMap((folder) => {
    const allowed = packageRules[folder];
    if (allowed === undefined) {
      return [`${rulesFile} has no entry for packages/${folder}. Add the packages that it may import.`];
    }
    return peekDependencies(workspaceDir, folder)
      .filter((name) => !allowed.includes(name))
      .map(
        (name) =>
          `packages/${folder} must not depend on @peek/${name}. It may import ${list(allowed)}. See ${rulesFile}.`,
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
