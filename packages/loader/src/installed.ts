import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PeekError } from "@peek/errors";
import { resolveEntry } from "./hooks/resolveEntry.ts";
import { manifestName } from "./manifest/readManifest.ts";
import { type ResolvedPlugin, resolvePlugin } from "./resolvePlugin.ts";
import type { PluginSource } from "./sources/PluginSource.ts";

/** What is installed of a plugin, where that is no longer what the service resolved at its start. */
export interface InstalledPlugin {
  /** The version that the next start takes; absent where the plugin cannot be resolved any more. */
  readonly version?: string;
  /** Why it cannot be resolved any more. */
  readonly problem?: string;
}

/** A plugin that was resolved, and the mark of its files at that time. */
export interface MarkedPlugin extends ResolvedPlugin {
  readonly filesMark: string;
}

/**
 * Finds a plugin, and marks its files.
 *
 * @throws PeekError as {@link resolvePlugin}
 */
export function resolveMarked(
  name: string,
  sources: readonly PluginSource[],
  conditions: readonly string[],
): MarkedPlugin {
  const resolved = resolvePlugin(name, sources);
  return { ...resolved, filesMark: filesMark(resolved.rootDir, conditions) };
}

/**
 * Looks for a plugin once more.
 *
 * @param before What was found at the start; undefined where it could not be resolved.
 * @returns undefined when a restart would find the same.
 */
export function findReplaced(
  name: string,
  before: MarkedPlugin | undefined,
  sources: readonly PluginSource[],
  conditions: readonly string[],
): InstalledPlugin | undefined {
  try {
    const now = resolveMarked(name, sources, conditions);
    const isSame = before?.rootDir === now.rootDir && before.filesMark === now.filesMark;
    return isSame ? undefined : { version: now.manifest.plugin.version };
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    return before === undefined ? undefined : { problem: error.message };
  }
}

/**
 * Differs after an installation or a build has replaced the files that every one replaces: package.json,
 * plugin_package.json and the entry. The dates alone do not tell: npm gives all files of a package the same.
 */
function filesMark(rootDir: string, conditions: readonly string[]): string {
  const files = [join(rootDir, "package.json"), join(rootDir, manifestName), ...entryFile(rootDir, conditions)];
  return files
    .map((file) => statSync(file, { throwIfNoEntry: false }))
    .map((stats) => (stats === undefined ? "gone" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`))
    .join(", ");
}

function entryFile(rootDir: string, conditions: readonly string[]): readonly string[] {
  try {
    return [fileURLToPath(resolveEntry(rootDir, conditions))];
  } catch (error) {
    // It is told when the plugin is loaded.
    if (PeekError.is(error)) return [];
    throw error;
  }
}
