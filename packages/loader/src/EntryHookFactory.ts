import { messageOf, PeekError } from "@peek/errors";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import { type EntryHookClass, requireHooks } from "./hooks/checkEntryHookClass.ts";
import { entryHookFunctionName, loadEntryHookClass } from "./hooks/loadEntryHookClass.ts";
import { ModuleImporter } from "./hooks/ModuleImporter.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { versionedUrl } from "./modules/moduleUrl.ts";
import type { ModuleVersions } from "./modules/ModuleVersions.ts";
import { otherPluginApi } from "./order/otherPluginApi.ts";
import { PluginPlatform } from "./PluginPlatform.ts";
import type { LivePlugin, PluginRecord } from "./PluginRecord.ts";
import type { PluginRegistry } from "./PluginRegistry.ts";

/** Imports the packages of plugins and constructs their entry hooks, each with a platform object. */
export class EntryHookFactory {
  readonly #options: PluginLoaderOptions;
  readonly #registry: PluginRegistry;
  readonly #versions: ModuleVersions;
  readonly #importer = new ModuleImporter();

  /**
   * @param registry Where a plugin finds the plugins that it depends on.
   * @param versions Where each import is registered.
   */
  constructor(options: PluginLoaderOptions, registry: PluginRegistry, versions: ModuleVersions) {
    this.#options = options;
    this.#registry = registry;
    this.#versions = versions;
  }

  /** Whether an import was repeated because of an error, which Node reports as an unhandled rejection all the same. */
  isRetried(error: object): boolean {
    return this.#importer.isRetried(error);
  }

  /**
   * Imports the package of a plugin and calls its hook function, unless that has been done. The record has no class afterwards
   * where the package exports no hook function for the service.
   *
   * @throws PeekError as {@link loadEntryHookClass}
   */
  async import(record: PluginRecord): Promise<void> {
    if (record.entryHookClass !== undefined) return;
    const { service, conditions } = this.#options;
    const { rootDir, moduleVersion } = record;
    await this.#versions.begin(rootDir, moduleVersion);
    try {
      const importModule = (url: string): Promise<object> => this.#importer.import(versionedUrl(url, moduleVersion));
      record.entryHookClass = await loadEntryHookClass(rootDir, service, conditions, importModule);
    } catch (error) {
      this.#versions.failed(rootDir, moduleVersion);
      throw error;
    }
  }

  /**
   * Imports the package of a plugin and puts an instance of its entry hook into the record: none where the package exports
   * no hook function for the service, or the plugin has ended meanwhile.
   *
   * @throws PeekError as {@link loadEntryHookClass}; what the extensions throw.
   */
  async construct(record: PluginRecord): Promise<void> {
    await this.import(record);
    const { live, entryHookClass } = record;
    if (entryHookClass === undefined || live === undefined) return;
    const platform = this.#platform(record, live);
    const instance = newInstance(entryHookClass, record, platform);
    live.instance = requireHooks(instance, entryHookFunctionName(this.#options.service), entryHookClass);
  }

  #platform(record: PluginRecord, live: LivePlugin): PluginPlatform {
    const { service, serviceVersion, dataPath, getLogger, extensions = [] } = this.#options;
    const find = (name: string): PluginRecord | undefined => this.#registry.find(name);
    const platform = new PluginPlatform({
      serviceName: service,
      serviceVersion,
      pluginName: record.name,
      rootDir: record.rootDir,
      packageConfig: record.manifest,
      dataPath,
      signal: live.abort.signal,
      getLogger,
      disposables: () => live.stack,
      getOtherPluginApi: (name, optional) => otherPluginApi(record, name, optional, service, find),
    });
    for (const extension of extensions) {
      if (extension.appliesTo(record.info)) {
        Object.assign(
          platform,
          extension.openScope(record.info, () => live.stack),
        );
      }
    }
    return platform;
  }
}

function newInstance(
  entryHookClass: EntryHookClass,
  record: PluginRecord,
  platform: PluginPlatform,
): PluginCommonEntryHookABC {
  try {
    return new entryHookClass(record.name, record.rootDir, platform);
  } catch (cause) {
    throw new PeekError("HOOK_THREW", `the constructor of ${entryHookClass.name} threw: ${messageOf(cause)}`, {
      cause,
    });
  }
}
