import type { PluginPackage } from "../manifest/PluginPackage.ts";
import type { Logger, ModuleMeta } from "./Logger.ts";
import type { PeekPlatformCommonHook } from "./PeekPlatformCommonHook.ts";
import type { PluginDisposables } from "./PluginDisposables.ts";

/**
 * The base class of the entry hooks of all services. A plugin extends the class of the service, such as
 * `PluginLogicEntryHookABC`.
 *
 * The platform constructs it once, then calls load(), start(), stop() and unload(), in this order and each at most
 * once. stop() is called only if start() had succeeded, and unload() only if load() had. Each may return a promise, for which the platform waits until a deadline (`plugin.deadlines` in config.json).
 */
export abstract class PluginCommonEntryHookABC<Platform extends PeekPlatformCommonHook = PeekPlatformCommonHook> {
  readonly #name: string;
  readonly #rootDir: string;
  readonly #platform: Platform;

  /**
   * @param pluginName The plugin's name, `peek_plugin_<name>`.
   * @param pluginRootDir The folder that holds plugin_package.json.
   * @param platform The platform object: everything that the service offers to the plugin.
   */
  constructor(pluginName: string, pluginRootDir: string, platform: Platform) {
    this.#name = pluginName;
    this.#rootDir = pluginRootDir;
    this.#platform = platform;
  }

  /** The plugin's name, `peek_plugin_<name>`. */
  get name(): string {
    return this.#name;
  }

  /** The plugin's name for people, from plugin_package.json. */
  get title(): string {
    return this.#platform.packageConfig.plugin.title;
  }

  /** The folder that holds the plugin's plugin_package.json; an absolute path. */
  get rootDir(): string {
    return this.#rootDir;
  }

  /** The plugin's plugin_package.json, checked. */
  get packageConfig(): PluginPackage {
    return this.#platform.packageConfig;
  }

  /** The platform object: everything that the service offers to the plugin. */
  get platform(): Platform {
    return this.#platform;
  }

  /**
   * The stack for the plugin's resources: the platform releases them, also when the plugin fails.
   * See {@link PluginDisposables}.
   */
  get disposables(): PluginDisposables {
    return this.#platform.disposables;
  }

  /**
   * The logger of a module of this plugin, named after its file.
   *
   * @example
   * readonly #logger = this.getLogger(import.meta);
   */
  getLogger(meta: ModuleMeta): Logger {
    return this.#platform.getLogger(meta);
  }

  /** Called just after the plugin's database schema has been migrated. No plugin has been started yet. */
  abstract load(): void | Promise<void>;

  /** Called when all plugins have been loaded. The plugins that this one depends on have been started. */
  abstract start(): void | Promise<void>;

  /** Called to stop the work that start() began. The plugins that depend on this one have been stopped. */
  abstract stop(): void | Promise<void>;

  /** Called last, to release the resources that load() acquired. */
  abstract unload(): void | Promise<void>;
}
