import type { PluginStorage } from "./PluginStorage.ts";

/**
 * The part of a platform that a plugin with `storage` in its plugin_package.json has besides.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has nothing.
 */
export type StorageOf<Tables extends object | undefined> = Tables extends object
  ? { readonly storage: PluginStorage<Tables> }
  : unknown;
