import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";

/**
 * The entry point of a plugin on the worker service: which runs tasks in parallel.
 *
 * @typeParam Tables The rows of the plugin's tables: with it, there is `this.platform.storage`. Only for a plugin whose
 *   plugin_package.json requires `storage`; without that, there is no such property at run time. Default: none.
 */
export abstract class PluginWorkerEntryHookABC<
  Tables extends object | undefined = undefined,
> extends PluginCommonEntryHookABC<PeekWorkerPlatformHook<Tables>> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "worker", apiVersion: PLUGIN_API_VERSION };

  /**
   * The API of this plugin for other plugins on the worker service, which call `platform.getOtherPluginApi()`. Read after load().
   * Default: none.
   */
  get publishedWorkerApi(): unknown {
    return undefined;
  }
}

/** A class that `peekWorkerEntryHook()` may return, publishing `Api` to other plugins. */
export interface PluginWorkerEntryHookClass<Api = unknown> {
  new (
    pluginName: string,
    pluginRootDir: string,
    // Any platform: whether it has storage depends on the manifest, which types do not know.
    platform: never,
  ): PluginWorkerEntryHookABC & { readonly publishedWorkerApi: Api };
}
