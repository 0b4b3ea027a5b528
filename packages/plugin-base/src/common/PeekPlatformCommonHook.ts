import type { PluginPackage } from "../manifest/PluginPackage.ts";
import type { Logger, ModuleMeta } from "./Logger.ts";
import type { PluginDisposables } from "./PluginDisposables.ts";
import type { PluginVortex } from "../vortex/PluginVortex.ts";
import type { ServiceName } from "./services.ts";

/** How a plugin asks for another's API. */
export interface OtherPluginApiOptions {
  /** Whether the dependency is declared `"optional": true`. Default: false. */
  readonly optional?: boolean;
}

/** What every service hands to every plugin. Each service's own interface adds to it. */
export interface PeekPlatformCommonHook {
  /** The service that this part of the plugin runs on. */
  readonly serviceName: ServiceName;
  /** The version of the service. */
  readonly serviceVersion: string;
  /** The plugin's plugin_package.json, checked. */
  readonly packageConfig: PluginPackage;
  /**
   * A folder of this plugin's own on this service (`<plugin.dataPath>/<plugin name>`), mode 0700, made when first
   * asked for. It outlives the plugin and its upgrades.
   *
   * @throws Error of `node:fs` when it cannot be made.
   */
  readonly dataDir: string;
  /** What the plugin has acquired in the present phase. See {@link PluginDisposables}. */
  readonly disposables: PluginDisposables;
  /** The other services: how to call them, and who is connected. */
  readonly vortex: PluginVortex;
  /**
   * Fires when the plugin is to stop: the service stops, or the plugin has failed. Hand it to whatever takes an
   * `AbortSignal`.
   */
  readonly signal: AbortSignal;
  /**
   * The logger of a module of this plugin, named after its file:
   * `peek_plugin_tutorial._private.logic.LogicEntryHook`.
   */
  getLogger(meta: ModuleMeta): Logger;
}
