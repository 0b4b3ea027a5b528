import { dependencyOf, type NpmPackage } from "./NpmPackage.ts";

const pluginBase = "@peek/plugin-base";

/** The packages whose copies a plugin gets from its service, and which no archive contains: plugin-base, and what it has of others. */
const sharedNames: ReadonlySet<string> = new Set([pluginBase, "@peek/errors", "zod"]);

/**
 * Whether a package that a plugin was built with is the one that its service will have: one of the shared names, in the version that the
 * plugin's plugin-base has. A plugin with another version of zod brings its own.
 */
export function isShared({ json }: NpmPackage, pluginBasePackage: NpmPackage): boolean {
  if (!sharedNames.has(json.name)) return false;
  if (json.name === pluginBase) return true;
  return dependencyOf(pluginBasePackage, json.name)?.json.version === json.version;
}
