import type { PluginPackage } from "../manifest/PluginPackage.ts";
import type { Logger, ModuleMeta } from "./Logger.ts";
import type { PluginDisposables } from "./PluginDisposables.ts";
import type { PluginVortex } from "../vortex/PluginVortex.ts";
import type { ServiceName } from "./services.ts";

/** The options of `getOtherPluginApi()`. */
export interface OtherPluginApiOptions {
  /** Whether the dependency is declared `"optional": true`. Default: false. */
  readonly optional?: boolean;
}

/** The properties of every platform object, on every service. The interface of each service adds to it. */
export interface PeekPlatformCommonHook {
  /** The service that this part of the plugin runs on. */
  readonly serviceName: ServiceName;
  /** The version of the service. */
  readonly serviceVersion: string;
  /** The plugin's plugin_package.json, checked. */
  readonly packageConfig: PluginPackage;
  /**
   * The folder for this plugin's files on this service (`<plugin.dataPath>/<plugin name>`), mode 0700, created on first access. It survives restarts and upgrades of the plugin.
   *
   * @throws Error of `node:fs` when it cannot be created.
   */
  readonly dataDir: string;
  /** The resources that the plugin has acquired in its present phase. See {@link PluginDisposables}. */
  readonly disposables: PluginDisposables;
  /** The other services: calls, messages, and which services are connected. */
  readonly vortex: PluginVortex;
  /**
   * Fires when the plugin has to stop: the service stops, or the plugin has failed. Pass it to every function that accepts an
   * `AbortSignal`.
   */
  readonly signal: AbortSignal;
  /**
   * The logger of a module of this plugin, named after its file:
   * `peek_plugin_tutorial._private.logic.LogicEntryHook`.
   */
  getLogger(meta: ModuleMeta): Logger;
}
