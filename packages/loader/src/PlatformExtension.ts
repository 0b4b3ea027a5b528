import type { PluginDisposables } from "@peek/plugin-base";
import type { PlannedMigration } from "./changes/PluginChange.ts";
import type { PluginGeneration } from "./PluginInfo.ts";

/**
 * Contributes parts to the platform objects of plugins.
 *
 * Plugins change while the service runs: each change makes a new generation of a plugin, of the same version or another one.
 * So an extension may get a plugin, or a folder or a manifest of a known plugin, that did not exist when the extension was opened.
 * At most one generation of a plugin has open scopes, except where an earlier one did not stop within its deadline; what an
 * ended generation still does must not affect the present one. {@link PluginGeneration.generation} tells them apart.
 *
 * @typeParam Parts The properties that it contributes, with their types in the platform interfaces of plugin-base.
 */
export interface PlatformExtension<Parts extends object = object> {
  /** Whether a plugin gets the parts. Asked anew for each generation, since a new version may need others. */
  appliesTo(plugin: PluginGeneration): boolean;
  /**
   * Prepares what the plugin needs, just before it is imported. A failure is the plugin's. Default: nothing is prepared.
   *
   * It is called for each generation, also for plugins that were not enabled when the extension was opened.
   *
   * @param signal Fires when the plugin is not waited for any longer.
   * @param begin Called when no other plugin is waited for: the plugin's deadline counts from then on.
   */
  migrate?(plugin: PluginGeneration, signal: AbortSignal, begin: () => void): Promise<void>;
  /**
   * Checks before a change whether {@link migrate} can prepare the plugin, while the generation before still runs. A PeekError refuses
   * the change. It leaves no trace. Default: nothing is checked.
   *
   * @param rehearse Whether the migrations are tried.
   * @param signal Fires when the result is not waited for any longer.
   * @returns The migrations that it would apply.
   */
  planMigrations?(
    plugin: PluginGeneration,
    rehearse: boolean,
    signal: AbortSignal,
  ): Promise<readonly PlannedMigration[]>;
  /**
   * Opens the scope of one generation of a plugin. It may be called at any time while the extension is open, also for plugins
   * that were not enabled when the extension was opened, and again for a plugin whose earlier scope has been closed.
   *
   * @param disposables The stack of the plugin's present phase. The scope adds to it, at once and later, what has to be
   *   released: what is added at once is released after the plugin's unload(), and the scope is closed with it.
   */
  openScope(plugin: PluginGeneration, disposables: () => PluginDisposables): Parts;
  /** Called when a generation of a plugin has been started. Must not throw. Default: nothing happens. */
  started?(plugin: PluginGeneration): void;
  /**
   * Begins to hold back the work of a plugin before the plugin is stopped by a change: from the call on, no new work reaches the
   * plugin, and what arrives waits. It is called for a generation that has an open scope, and not when the service stops. A
   * plugin is suspended after the plugins that depend on it. Default: nothing is held back.
   *
   * The loader disposes the result when the plugin's new generation has been started; also when there is no new generation,
   * since the plugin was disabled or its new generation failed. Waiting work goes to the generation that has a scope at that
   * time, or is refused where none has, or where it does not offer what the work needs any more. Between the two, scopes of
   * the old generation are closed, and scopes of the new one are opened: neither affects what waits.
   *
   * An error, also one that disposing throws, is logged, and the change goes on.
   *
   * @param plugin The generation that is to be stopped.
   * @param signal Fires at the deadline, or when the service begins to stop: the work under way is not waited for any longer.
   * @returns Resolves when the work under way is done, or soon after the signal has fired.
   */
  suspend?(plugin: PluginGeneration, signal: AbortSignal): Promise<Disposable>;
}
