import type { Logger, ServiceName } from "@peek/plugin-base";
import type { PlatformExtension } from "./PlatformExtension.ts";
import type { PluginSource } from "./sources/PluginSource.ts";

/** How long a plugin's hooks are waited for; all in milliseconds. */
export interface HookDeadlines {
  /** After this long in one hook, a warning names the plugin. */
  readonly warnMs: number;
  /** For migrating a plugin's database schema, or waiting for that. */
  readonly migrateMs: number;
  /** For importing a plugin, and then for its load(). */
  readonly loadMs: number;
  readonly startMs: number;
  /** For stop(); also what a hook has left when the service is told to stop meanwhile. */
  readonly stopMs: number;
  readonly unloadMs: number;
  /** For stopping and unloading all plugins together. */
  readonly shutdownMs: number;
}

/** What a {@link PluginLoader} works with. */
export interface PluginLoaderOptions {
  readonly service: ServiceName;
  /** The version of the service, told to plugins. */
  readonly serviceVersion: string;
  /** `plugin.enabled` of config.json. */
  readonly enabled: readonly string[];
  /** Where packages are looked for, first the first. */
  readonly sources: readonly PluginSource[];
  /** Which conditions of a package's "exports" hold beside `node`, `import` and `default`. */
  readonly conditions: readonly string[];
  /** The folder in which each plugin has a folder of its own. */
  readonly dataPath: string;
  readonly deadlines: HookDeadlines;
  /** What the service offers besides to plugins that ask for it. Default: nothing. */
  readonly extensions?: readonly PlatformExtension[];
  /** The logger of a name. */
  readonly getLogger: (name: string) => Logger;
}
