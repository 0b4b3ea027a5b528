import type { PluginActions } from "./PluginActions.ts";

/**
 * The additional part of logic's platform object for a plugin with `storage` in its plugin_package.json: actions are executed
 * in transactions.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has no such part.
 */
export type ActionsOf<Tables extends object | undefined> = Tables extends object
  ? { readonly actions: PluginActions<Tables> }
  : unknown;
