import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { moduleLoggerName } from "@peek/logging";
import type { Logger, ModuleMeta, PluginDisposables, ServiceName } from "@peek/plugin-base";
import type { PlatformCore } from "@peek/plugin-base/internal";
import type { PluginPackage } from "@peek/plugin-base/manifest";

/** The options of a {@link PluginPlatform}. */
export interface PluginPlatformOptions {
  readonly serviceName: ServiceName;
  readonly serviceVersion: string;
  readonly pluginName: string;
  readonly rootDir: string;
  readonly packageConfig: PluginPackage;
  readonly dataPath: string;
  readonly signal: AbortSignal;
  readonly getLogger: (name: string) => Logger;
  /** The stack of the plugin's present phase. */
  readonly disposables: () => PluginDisposables;
  readonly getOtherPluginApi: (pluginName: string, optional: boolean) => unknown;
}

/** The `platform` object of one plugin, with the properties that it has on every service. */
export class PluginPlatform implements PlatformCore {
  readonly serviceName: ServiceName;
  readonly serviceVersion: string;
  readonly packageConfig: PluginPackage;
  readonly signal: AbortSignal;
  readonly #options: PluginPlatformOptions;

  constructor(options: PluginPlatformOptions) {
    this.serviceName = options.serviceName;
    this.serviceVersion = options.serviceVersion;
    this.packageConfig = options.packageConfig;
    this.signal = options.signal;
    this.#options = options;
  }

  get dataDir(): string {
    const dir = join(this.#options.dataPath, this.#options.pluginName);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return dir;
  }

  get disposables(): PluginDisposables {
    return this.#options.disposables();
  }

  getLogger(meta: ModuleMeta): Logger {
    return this.#options.getLogger(moduleLoggerName(this.#options.pluginName, this.#options.rootDir, meta.url));
  }

  getOtherPluginApi(pluginName: string, options: { readonly optional?: boolean } = {}): unknown {
    return this.#options.getOtherPluginApi(pluginName, options.optional ?? false);
  }
}
