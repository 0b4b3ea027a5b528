import { globSync, lstatSync, readdirSync } from "node:fs";
import { join, matchesGlob, relative, sep } from "node:path";
import type { NpmPackage } from "./NpmPackage.ts";
import { packError } from "./packError.ts";

/** The files that a package has also when its "files" do not name them, as with npm. */
const alwaysPacked = /^(?:package\.json|plugin_package\.json|(?:readme|licen[cs]e|notice|changelog)(?:\..*)?)$/i;
/** The names that no package contains, as with npm. */
const neverPacked: ReadonlySet<string> = new Set(["node_modules", ".git", ".npmrc", ".DS_Store", "package-lock.json"]);

/**
 * The files of a plugin that its archive contains, as paths with slashes, sorted: those of "files" in package.json, which npm packs too.
 *
 * @throws PeekError `PLUGIN_NOT_PACKABLE` for a link, or without "files".
 */
export function packageFiles({ dir, json }: NpmPackage): readonly string[] {
  const { files } = json;
  if (files === undefined) {
    throw packError(
      dir,
      'has no "files" in package.json. Name the folders and files that the plugin consists of: "files": ["dist", "plugin_package.json"].',
    );
  }
  const excluded = files.filter((pattern) => pattern.startsWith("!")).map((pattern) => plain(pattern.slice(1)));
  const included = files.filter((pattern) => !pattern.startsWith("!")).map(plain);
  const isExcluded = (path: string): boolean =>
    excluded.some((pattern) => path === pattern || path.startsWith(`${pattern}/`) || matchesGlob(path, pattern));
  const named = included.flatMap((pattern) => globSync(pattern, { cwd: dir }));
  const found = named.flatMap((path) => filesBelow(dir, path)).filter((path) => !isExcluded(path));
  const always = readdirSync(dir).filter((name) => alwaysPacked.test(name));
  return sorted([...found, ...always.flatMap((path) => filesBelow(dir, path))]);
}

/** All files of an installed package, without its own dependencies. @throws PeekError `PLUGIN_NOT_PACKABLE` for a link. */
export function allFiles({ dir }: NpmPackage): readonly string[] {
  return sorted(filesBelow(dir, ""));
}

function filesBelow(dir: string, path: string): readonly string[] {
  const name = path.split(sep).at(-1) ?? "";
  if (neverPacked.has(name)) return [];
  const full = join(dir, path);
  const stat = lstatSync(full);
  if (stat.isDirectory()) return readdirSync(full).flatMap((each) => filesBelow(dir, join(path, each)));
  if (stat.isFile()) return [relative(dir, full).split(sep).join("/")];
  throw packError(dir, `contains ${path}, which is no plain file. Put a copy of the file in its place.`);
}

/** A pattern without the slashes and dots that npm ignores. */
function plain(pattern: string): string {
  return pattern.replace(/^\.?\/+/, "").replace(/\/+$/, "");
}

function sorted(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)].sort();
}
