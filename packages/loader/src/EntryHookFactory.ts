import { messageOf, PeekError } from "@peek/errors";
import type { PluginCommonEntryHookABC } from "@peek/plugin-base";
import { type EntryHookClass, requireHooks } from "./hooks/checkEntryHookClass.ts";
import { entryHookFunctionName, loadEntryHookClass } from "./hooks/loadEntryHookClass.ts";
import { ModuleImporter } from "./hooks/ModuleImporter.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { otherPluginApi } from "./order/otherPluginApi.ts";
import { PluginPlatform } from "./PluginPlatform.ts";
import type { LivePlugin, PluginRecord } from "./PluginRecord.ts";
import type { PluginRegistry } from "./PluginRegistry.ts";

/** Imports the packages of plugins and constructs their entry hooks, each with a platform object. */
export class EntryHookFactory {
  readonly #options: PluginLoaderOptions;
  readonly #registry: PluginRegistry;
  readonly #importer = new ModuleImporter();

  /** @param registry Where a plugin finds the plugins that it depends on. */
  constructor(options: PluginLoaderOptions, registry: PluginRegistry) {
    this.#options = options;
    this.#registry = registry;
  }

  /** Whether an import was repeated because of an error, which Node reports as an unhandled rejection all the same. */
  isRetried(error: object): boolean {
    return this.#importer.isRetried(error);
  }

  /**
   * Imports the package of a plugin and puts an instance of its entry hook into the record: none where the package exports
   * no hook function for the service, or the plugin has ended meanwhile.
   *
   * @throws PeekError as {@link loadEntryHookClass}; what the extensions throw.
   */
  async construct(record: PluginRecord): Promise<void> {
    const { service, conditions } = this.#options;
    const entryHookClass = await loadEntryHookClass(record.rootDir, service, conditions, this.#importer);
    const { live } = record;
    if (entryHookClass === undefined || live === undefined) return;
    const platform = this.#platform(record, live);
    const instance = newInstance(entryHookClass, record, platform);
    live.instance = requireHooks(instance, entryHookFunctionName(service), entryHookClass);
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
