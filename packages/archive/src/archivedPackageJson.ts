import type { BundledPackage } from "./bundledPackages.ts";
import { dependencyOf, type NpmPackage } from "./NpmPackage.ts";

/** Keys that concern only the development of a package, or would run scripts when npm installs it. */
const dropped: ReadonlySet<string> = new Set([
  "devDependencies",
  "scripts",
  "publishConfig",
  "packageManager",
  "private",
]);
/** The condition by which packages in Peek's workspace run from their sources, which no archive contains. */
const sourceCondition = "@peek/source";

/**
 * The package.json of an archive: without scripts and development dependencies, with the names that npm would publish, and with versions
 * in place of a workspace's own kinds of references.
 *
 * @param bundled The packages that the archive brings along.
 */
export function archivedPackageJson(plugin: NpmPackage, bundled: readonly BundledPackage[]): string {
  const { publishConfig = {}, ...rest } = plugin.json;
  const published = Object.fromEntries(
    ["exports", "main", "types"].flatMap((key) => (key in publishConfig ? [[key, publishConfig[key]]] : [])),
  );
  const kept = Object.entries({ ...rest, ...published }).filter(([key]) => !dropped.has(key));
  const top = bundled.flatMap(({ path, source }) =>
    path === `node_modules/${source.json.name}` ? [source.json.name] : [],
  );
  const { exports, dependencies, optionalDependencies, peerDependencies, ...others } = Object.fromEntries(kept);
  const json = {
    ...others,
    ...(exports !== undefined && { exports: withoutSource(exports) }),
    ...versioned(plugin, { dependencies, optionalDependencies, peerDependencies }),
    ...(top.length > 0 && { bundleDependencies: top.sort() }),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** The range of versions of plugin-base that a plugin was built for. */
export function pluginBaseRange(plugin: NpmPackage, pluginBase: NpmPackage): string {
  const { dependencies, peerDependencies } = plugin.json;
  const declared = dependencies[pluginBase.json.name] ?? peerDependencies[pluginBase.json.name];
  return declared === undefined || isReference(declared) ? `^${pluginBase.json.version ?? "0.0.0"}` : declared;
}

function versioned(plugin: NpmPackage, kinds: Readonly<Record<string, unknown>>): object {
  const entries = Object.entries(kinds).map(([kind, ranges]) => {
    const named = Object.entries(typeof ranges === "object" && ranges !== null ? ranges : {});
    return [
      kind,
      Object.fromEntries(named.map(([name, range]) => [name, versionOf(plugin, name, String(range))])),
    ] as const;
  });
  return Object.fromEntries(entries.filter(([, ranges]) => Object.keys(ranges).length > 0));
}

function versionOf(plugin: NpmPackage, name: string, range: string): string {
  if (!isReference(range)) return range;
  const version = dependencyOf(plugin, name)?.json.version;
  if (version === undefined) return "*";
  return name === "@peek/plugin-base" ? `^${version}` : version;
}

/** Whether npm outside the workspace would not know what a text means: `workspace:*`, `catalog:`, `link:../x`. */
function isReference(range: string): boolean {
  return /^(?:workspace|catalog|link|file|portal):/.test(range);
}

function withoutSource(exports: unknown): unknown {
  if (typeof exports !== "object" || exports === null || Array.isArray(exports)) return exports;
  const kept = Object.entries(exports).filter(([key]) => key !== sourceCondition);
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutSource(value)]));
}
