import type { PluginActions } from "./PluginActions.ts";

/**
 * The part of logic's platform that a plugin with `storage` in its plugin_package.json has besides: actions are executed in
 * transactions.
 *
 * @typeParam Tables The rows of each table, by its name; undefined for a plugin without storage, which has nothing.
 */
export type ActionsOf<Tables extends object | undefined> = Tables extends object
  ? { readonly actions: PluginActions<Tables> }
  : unknown;
