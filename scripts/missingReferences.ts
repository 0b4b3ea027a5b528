import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The folders with the packages that the compiler builds. */
const folders = ["packages", "services", "plugins"];
/** The projects that have to refer to all of them. */
const roots = ["tsconfig.json", "tsconfig.tests.json"];

interface Project {
  readonly references?: readonly { readonly path: string }[];
}

interface Package {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * The entries that `references` of the workspace's tsconfig files lack, one sentence each. Without an entry, the compiler reports
 * TS6307 for unrelated files, or does not check a package at all.
 */
export function missingReferences(workspaceDir: string): readonly string[] {
  const projects = folders.flatMap((folder) => projectsIn(workspaceDir, folder));
  const names = new Map(projects.map((path) => [packageOf(workspaceDir, path).name, path]));
  const inRoots = roots.flatMap((file) => {
    const referred = new Set(referencesOf(workspaceDir, file, "."));
    return projects.filter((path) => !referred.has(path)).map((path) => missing(file, path, path));
  });
  const between = projects.flatMap((path) => {
    const file = `${path}/tsconfig.json`;
    const referred = new Set(referencesOf(workspaceDir, file, path));
    return Object.keys(packageOf(workspaceDir, path).dependencies ?? {}).flatMap((name) => {
      const target = names.get(name);
      return target === undefined || referred.has(target) ? [] : [missing(file, name, posix.relative(path, target))];
    });
  });
  return [...inRoots, ...between];
}

function missing(file: string, name: string, path: string): string {
  return `${file} does not refer to ${name}. Add { "path": "${path}" } to its "references".`;
}

function projectsIn(workspaceDir: string, folder: string): readonly string[] {
  const dir = join(workspaceDir, folder);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .map((name) => `${folder}/${name}`)
    .filter((path) => ["package.json", "tsconfig.json"].every((file) => existsSync(join(workspaceDir, path, file))));
}

function referencesOf(workspaceDir: string, file: string, base: string): readonly string[] {
  const { references = [] }: Project = JSON.parse(readFileSync(join(workspaceDir, file), "utf8"));
  return references.map(({ path }) => posix.join(base, path));
}

function packageOf(workspaceDir: string, path: string): Package {
  return JSON.parse(readFileSync(join(workspaceDir, path, "package.json"), "utf8"));
}
