import type { ServiceName } from "../common/services.ts";
import type { PluginManifest } from "./PluginPackage.ts";

/** One entry of `dependencies`, in its full form. */
export interface PluginDependency {
  /** The name of the required plugin. */
  readonly name: string;
  /** Its accepted versions, as a range of npm's semver. */
  readonly range: string;
  /** Whether the dependant also runs without it. */
  readonly optional: boolean;
}

/** The dependencies that a plugin has on one service. */
export function pluginDependencies(manifest: PluginManifest, service: ServiceName): readonly PluginDependency[] {
  return Object.entries(manifest.dependencies).flatMap(([name, dependency]) => {
    if (typeof dependency === "string") return [{ name, range: dependency, optional: false }];
    if (dependency.services?.includes(service) === false) return [];
    return [{ name, range: dependency.version, optional: dependency.optional }];
  });
}
