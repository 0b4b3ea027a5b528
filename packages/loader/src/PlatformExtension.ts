import type { PluginDisposables } from "@peek/plugin-base";
import type { PluginPackage } from "@peek/plugin-base/manifest";

/** A plugin as an extension of the platform is told of it. */
export interface PluginFacts {
  /** `peek_plugin_<name>`, or `peek_core_<name>`. */
  readonly name: string;
  /** The real folder of its package. */
  readonly rootDir: string;
  readonly manifest: PluginPackage;
}

/** Something that a service offers to those plugins that ask for it in their plugin_package.json, or to all. */
export interface PlatformExtension {
  /** Whether a plugin has it. */
  concerns(plugin: PluginFacts): boolean;
  /**
   * Makes ready what the plugin is going to find, just before it is imported. A failure is the plugin's. Default: there is
   * nothing to be made ready.
   *
   * @param signal Fires when it is not waited for any longer.
   * @param begin Called when no other plugin is waited for: from then on its time counts.
   */
  migrate?(plugin: PluginFacts, signal: AbortSignal, begin: () => void): Promise<void>;
  /**
   * What the plugin's `platform` has besides.
   *
   * @param disposables Where what has to be released is put, now and later: the stack of the plugin's phase at that time,
   *   `platform.disposables`.
   */
  properties(plugin: PluginFacts, disposables: () => PluginDisposables): Readonly<Record<string, unknown>>;
}
