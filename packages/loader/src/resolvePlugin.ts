import type { UnknownKey } from "@peek/config";
import { describeValue, PeekError } from "@peek/errors";
import { isPluginName, packageNameOf, pluginNameOf } from "@peek/plugin-base";
import type { PluginPackage } from "@peek/plugin-base/manifest";
import { readManifest } from "./manifest/readManifest.ts";
import type { PluginSource } from "./sources/PluginSource.ts";

/** A plugin that was found and whose manifest is valid. None of its code has run. */
export interface ResolvedPlugin {
  /** The real folder of its package. */
  readonly rootDir: string;
  /** {@link PluginSource.title} of where it was found. */
  readonly source: string;
  readonly manifest: PluginPackage;
  readonly unknownKeys: readonly UnknownKey[];
  /** The titles of further sources that have it, which are not used. */
  readonly shadowed: readonly string[];
}

/**
 * Finds a plugin's package in the first source that has it, and checks its manifest.
 *
 * @param name The name as in plugin.enabled.
 * @throws PeekError `PLUGIN_NAME_INVALID`, `PLUGIN_NOT_FOUND`, or one of {@link readManifest}.
 */
export function resolvePlugin(name: string, sources: readonly PluginSource[]): ResolvedPlugin {
  if (!isPluginName(name)) throw invalidName(name);
  const packageName = packageNameOf(name);
  const found = sources.flatMap((source) => {
    const rootDir = source.find(packageName);
    return rootDir === undefined ? [] : [{ source: source.title, rootDir }];
  });
  const first = found[0];
  if (first === undefined) {
    throw new PeekError(
      "PLUGIN_NOT_FOUND",
      `${name} has no package ${packageName} in ${sources.map((source) => source.title).join(", nor in ")}. Install it in one of these, or remove the name from plugin.enabled.`,
      { fields: { plugin: name, packageName } },
    );
  }
  const shadowed = found.filter((each) => each.rootDir !== first.rootDir).map((each) => each.source);
  return { ...first, ...readManifest(first.rootDir, name), shadowed };
}

function invalidName(name: string): PeekError {
  const underscored = pluginNameOf(name.trim().toLowerCase());
  const hint = isPluginName(underscored)
    ? `Write ${underscored}`
    : "Write peek_plugin_<name>, in lower-case letters, digits and underscores";
  return new PeekError(
    "PLUGIN_NAME_INVALID",
    `${describeValue(name)} in plugin.enabled is not a valid plugin name. ${hint}.`,
    {
      fields: { plugin: name },
    },
  );
}
