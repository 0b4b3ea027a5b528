import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";

/** The entry point of a plugin on the worker service: which runs tasks in parallel. */
export abstract class PluginWorkerEntryHookABC extends PluginCommonEntryHookABC<PeekWorkerPlatformHook> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "worker", apiVersion: PLUGIN_API_VERSION };

  /**
   * What other plugins on the worker service may use of this one, by `platform.getOtherPluginApi()`. Read after load().
   * Default: nothing.
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
    platform: PeekWorkerPlatformHook,
  ): PluginWorkerEntryHookABC & { readonly publishedWorkerApi: Api };
}
