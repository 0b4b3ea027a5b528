import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { PeekError } from "@peek/errors";
import { type PluginInfo, resolveEntry } from "@peek/loader";
import type { StoragePlugin } from "@peek/storage";
import { packageConditions } from "../config/pluginSources.ts";

/** Describes a plugin to the storage. A mistake in its migrationsDir is reported when the plugin is migrated. */
export function storagePluginOf(plugin: PluginInfo): StoragePlugin {
  const { name, manifest } = plugin;
  return { name, version: manifest.plugin.version, migrationsDir: tryMigrationsDir(plugin) };
}

function tryMigrationsDir(plugin: PluginInfo): string | undefined {
  try {
    return migrationsDirOf(plugin);
  } catch {
    return undefined;
  }
}

/**
 * The folder of a plugin's migrations; undefined when it has none.
 *
 * @throws PeekError `ENTRY_UNRESOLVED` or `MIGRATIONS_UNREADABLE`
 */
export function migrationsDirOf({ name, rootDir, manifest }: PluginInfo): string | undefined {
  const dir = manifest.storage?.migrationsDir;
  if (dir === undefined) return undefined;
  const entryDir = dirname(fileURLToPath(resolveEntry(rootDir, packageConditions)));
  const resolved = join(entryDir, dir);
  if (relative(rootDir, resolved).split(sep)[0] !== "..") return resolved;
  throw new PeekError(
    "MIGRATIONS_UNREADABLE",
    `storage.migrationsDir in the plugin_package.json of ${name} is ${dir}, which is outside the package. Name a folder inside it, relative to the folder of its entry.`,
    { fields: { plugin: name } },
  );
}
