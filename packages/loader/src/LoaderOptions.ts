import type { Logger, ServiceName } from "@peek/plugin-base";
import type { PlatformExtension } from "./PlatformExtension.ts";
import type { PluginSource } from "./sources/PluginSource.ts";

/** How long the hooks of a plugin are waited for. */
export interface HookDeadlines {
  /** After this time in one hook, a warning names the plugin. */
  readonly warnMs: number;
  /** For migrating a plugin's database schema, or waiting for that. */
  readonly migrateMs: number;
  /** For importing a plugin, and then for its load(). */
  readonly loadMs: number;
  readonly startMs: number;
  /** For stop(); also the time that a running hook has left when the service begins to stop. */
  readonly stopMs: number;
  readonly unloadMs: number;
  /** For the work under way of the plugins that a change stops. */
  readonly suspendMs: number;
  /** For stopping and unloading all plugins together. */
  readonly shutdownMs: number;
}

/** The options of a {@link PluginLoader}. */
export interface PluginLoaderOptions {
  readonly service: ServiceName;
  /** The version of the service, for plugins to read. */
  readonly serviceVersion: string;
  /** `plugin.enabled` of config.json. */
  readonly enabled: readonly string[];
  /** The places where packages are looked for, in this order. */
  readonly sources: readonly PluginSource[];
  /** The conditions of a package's "exports" that apply beside `node`, `import` and `default`. */
  readonly conditions: readonly string[];
  /** The folder in which each plugin has a folder of its own. */
  readonly dataPath: string;
  readonly deadlines: HookDeadlines;
  /**
   * How long the new generation of a changed plugin is watched for errors, in milliseconds: if it fails meanwhile, the version
   * before runs again. Default: 10,000.
   */
  readonly probeMs?: number;
  /** The extensions that contribute to the platform objects of plugins. Default: none. */
  readonly extensions?: readonly PlatformExtension[];
  /** The logger of a name. */
  readonly getLogger: (name: string) => Logger;
}
