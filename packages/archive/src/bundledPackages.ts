import { dependencyOf, type NpmPackage } from "./NpmPackage.ts";
import { packError } from "./packError.ts";
import { isShared } from "./sharedPackages.ts";

/** A package that an archive brings along. */
export interface BundledPackage {
  /** Its place in the archive: `node_modules/semver`. */
  readonly path: string;
  readonly source: NpmPackage;
}

/**
 * The packages that a plugin's code needs, and its service does not have, each at a place where Node finds the version that its
 * dependent was installed with.
 *
 * @throws PeekError `PLUGIN_NOT_PACKABLE` for a dependency that is not installed.
 */
export function bundledPackages(plugin: NpmPackage, pluginBase: NpmPackage): readonly BundledPackage[] {
  const placed = new Map<string, NpmPackage>();
  const pending: BundledPackage[] = [{ path: "", source: plugin }];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { path, source } = next;
    for (const dependency of installedDependencies(source)) {
      if (isShared(dependency, pluginBase)) continue;
      const place = freePlace(placed, path, dependency);
      if (place === undefined) continue;
      placed.set(place, dependency);
      pending.push({ path: place, source: dependency });
    }
  }
  return [...placed].map(([path, source]) => ({ path, source }));
}

function installedDependencies(dependent: NpmPackage): readonly NpmPackage[] {
  const { dependencies, optionalDependencies, peerDependencies } = dependent.json;
  const needed = Object.keys(dependencies).map((name) => {
    const found = dependencyOf(dependent, name);
    if (found !== undefined || name in optionalDependencies) return found;
    throw packError(dependent.dir, `depends on ${name}, which is not installed. Install it first.`);
  });
  // npm installs the optional ones where it can.
  const further = Object.keys({ ...optionalDependencies, ...peerDependencies }).map((name) =>
    dependencyOf(dependent, name),
  );
  return [...needed, ...further].filter((found) => found !== undefined);
}

/** The place for a dependency of the package at `path`; undefined where Node already finds the same package from there. */
function freePlace(
  placed: ReadonlyMap<string, NpmPackage>,
  path: string,
  { dir, json: { name } }: NpmPackage,
): string | undefined {
  const nearest = foldersUpwards(path)
    .map((folder) => placed.get(join(folder, name)))
    .find((found) => found !== undefined);
  if (nearest === undefined) return join("", name);
  return nearest.dir === dir ? undefined : join(path, name);
}

/** The packages around a place, the innermost first: `node_modules/a/node_modules/b`, `node_modules/a`, and the plugin itself. */
function foldersUpwards(path: string): readonly string[] {
  if (path === "") return [""];
  return [path, ...foldersUpwards(path.slice(0, Math.max(0, path.lastIndexOf("node_modules/") - 1)))];
}

function join(folder: string, name: string): string {
  return folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
}
