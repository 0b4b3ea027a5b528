import { PeekError } from "@peek/errors";
import { pluginDependencies } from "@peek/plugin-base/manifest";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import type { PluginRegistry } from "./PluginRegistry.ts";
import { resolvePlugin } from "./resolvePlugin.ts";

/** A plugin that is enabled in one place and not in the other. */
export interface DriftedPlugin {
  readonly name: string;
  /** The plugins that it depends on. */
  readonly after: readonly string[];
}

/** The difference between the plugins of a running service and a later `plugin.enabled`. */
export interface EnablementDrift {
  /** The plugins that the service does not have, and would have after a restart. */
  readonly enable: readonly DriftedPlugin[];
  /** The plugins that it has, and would not have after a restart. */
  readonly disable: readonly DriftedPlugin[];
}

/** Compares the plugins of a service with the names that are enabled now. */
export function enablementDrift(
  registry: PluginRegistry,
  enabled: readonly string[],
  options: Pick<PluginLoaderOptions, "sources" | "service">,
): EnablementDrift {
  const wanted = new Set(enabled);
  const missing = [...wanted].filter((name) => registry.find(name) === undefined);
  const surplus = registry.all.filter(({ name, state }) => !wanted.has(name) && state !== "skipped");
  return {
    enable: missing.flatMap((name) => missingPlugin(name, options) ?? []),
    disable: surplus.map(({ name, waitsFor }) => ({ name, after: waitsFor })),
  };
}

/** @returns undefined for a plugin that has no part for the service. */
function missingPlugin(
  name: string,
  { sources, service }: Pick<PluginLoaderOptions, "sources" | "service">,
): DriftedPlugin | undefined {
  try {
    for (const source of sources) source.refresh?.();
    const { manifest } = resolvePlugin(name, sources);
    if (!manifest.requiresServices.includes(service)) return undefined;
    return { name, after: pluginDependencies(manifest, service).map((dependency) => dependency.name) };
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    // Enabling it reports the mistake.
    return { name, after: [] };
  }
}
