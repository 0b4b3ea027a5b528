import type { PluginDisposables } from "@peek/plugin-base";
import type { PluginInfo } from "./PluginInfo.ts";

/**
 * Contributes parts to the platform objects of plugins.
 *
 * @typeParam Parts The properties that it contributes, with their types in the platform interfaces of plugin-base.
 */
export interface PlatformExtension<Parts extends object = object> {
  /** Whether a plugin gets the parts. */
  appliesTo(plugin: PluginInfo): boolean;
  /**
   * Prepares what the plugin needs, just before it is imported. A failure is the plugin's. Default: nothing is prepared.
   *
   * @param signal Fires when the plugin is not waited for any longer.
   * @param begin Called when no other plugin is waited for: the plugin's deadline counts from then on.
   */
  migrate?(plugin: PluginInfo, signal: AbortSignal, begin: () => void): Promise<void>;
  /**
   * Opens the scope of one plugin. It may be called at any time while the extension is open, also again for a plugin whose
   * earlier scope has been closed.
   *
   * @param disposables The stack of the plugin's present phase. The scope adds to it, at once and later, what has to be
   *   released: what is added at once is released after the plugin's unload(), and the scope is closed with it.
   */
  openScope(plugin: PluginInfo, disposables: () => PluginDisposables): Parts;
}
