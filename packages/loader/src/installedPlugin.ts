import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PeekError } from "@peek/errors";
import { resolveEntry } from "./hooks/resolveEntry.ts";
import { manifestName } from "./manifest/readManifest.ts";
import { type ResolvedPlugin, resolvePlugin } from "./resolvePlugin.ts";
import type { PluginSource } from "./sources/PluginSource.ts";

/** The installed package of a plugin, where it differs from the one that the service resolved at its start. */
export interface InstalledPlugin {
  /** The version that the next start will run; absent where the plugin can no longer be resolved. */
  readonly version?: string;
  /** Why the plugin can no longer be resolved. */
  readonly problem?: string;
}

/** A plugin that was resolved, and the fingerprint of its files at that time. */
export interface FingerprintedPlugin extends ResolvedPlugin {
  readonly fingerprint: string;
}

/**
 * Finds a plugin, and takes the fingerprint of its files.
 *
 * @throws PeekError as {@link resolvePlugin}
 */
export function resolveFingerprinted(
  name: string,
  sources: readonly PluginSource[],
  conditions: readonly string[],
): FingerprintedPlugin {
  const resolved = resolvePlugin(name, sources);
  return { ...resolved, fingerprint: fingerprint(resolved.rootDir, conditions) };
}

/**
 * Looks up a plugin once more.
 *
 * @param before The plugin that was found at the start; undefined where it could not be resolved.
 * @returns undefined when a restart would find the same.
 */
export function findReplaced(
  name: string,
  before: FingerprintedPlugin | undefined,
  sources: readonly PluginSource[],
  conditions: readonly string[],
): InstalledPlugin | undefined {
  try {
    const now = resolveFingerprinted(name, sources, conditions);
    const isSame = before?.rootDir === now.rootDir && before.fingerprint === now.fingerprint;
    return isSame ? undefined : { version: now.manifest.plugin.version };
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    return before === undefined ? undefined : { problem: error.message };
  }
}

/**
 * Identifies the version of a package's files by those that every installation or build replaces: package.json,
 * plugin_package.json and the entry. Their dates are not enough: npm gives all files of a package the same date.
 */
function fingerprint(rootDir: string, conditions: readonly string[]): string {
  const files = [join(rootDir, "package.json"), join(rootDir, manifestName), ...entryFile(rootDir, conditions)];
  return files
    .map((file) => statSync(file, { throwIfNoEntry: false }))
    .map((stats) => (stats === undefined ? "absent" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`))
    .join(", ");
}

function entryFile(rootDir: string, conditions: readonly string[]): readonly string[] {
  try {
    return [fileURLToPath(resolveEntry(rootDir, conditions))];
  } catch (error) {
    // Loading the plugin reports it.
    if (PeekError.is(error)) return [];
    throw error;
  }
}
