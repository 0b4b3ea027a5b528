import type { PluginStorage } from "./PluginStorage.ts";

/**
 * The additional part of the platform object of a plugin with `storage` in its plugin_package.json.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has no such part.
 */
export type StorageOf<Tables extends object | undefined> = Tables extends object
  ? { readonly storage: PluginStorage<Tables> }
  : unknown;
