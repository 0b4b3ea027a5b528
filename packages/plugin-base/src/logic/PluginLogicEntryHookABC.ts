import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekLogicPlatformHook } from "./PeekLogicPlatformHook.ts";

/** The entry point of a plugin on the logic service: the centre, which owns the data. */
export abstract class PluginLogicEntryHookABC extends PluginCommonEntryHookABC<PeekLogicPlatformHook> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "logic", apiVersion: PLUGIN_API_VERSION };

  /**
   * What other plugins on the logic service may use of this one, by `platform.getOtherPluginApi()`. Read after load().
   * Default: nothing.
   */
  get publishedLogicApi(): unknown {
    return undefined;
  }
}

/** A class that `peekLogicEntryHook()` may return, publishing `Api` to other plugins. */
export interface PluginLogicEntryHookClass<Api = unknown> {
  new (
    pluginName: string,
    pluginRootDir: string,
    platform: PeekLogicPlatformHook,
  ): PluginLogicEntryHookABC & { readonly publishedLogicApi: Api };
}
