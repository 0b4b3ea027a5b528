import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekOfficePlatformHook } from "./PeekOfficePlatformHook.ts";

/** The entry point of a plugin on the office service: the gateway for desktop users' browsers. */
export abstract class PluginOfficeEntryHookABC extends PluginCommonEntryHookABC<PeekOfficePlatformHook> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "office", apiVersion: PLUGIN_API_VERSION };

  /**
   * The API of this plugin for other plugins on the office service, which call `platform.getOtherPluginApi()`. Read after load().
   * Default: none.
   */
  get publishedOfficeApi(): unknown {
    return undefined;
  }
}

/** A class that `peekOfficeEntryHook()` may return, publishing `Api` to other plugins. */
export interface PluginOfficeEntryHookClass<Api = unknown> {
  new (
    pluginName: string,
    pluginRootDir: string,
    platform: PeekOfficePlatformHook,
  ): PluginOfficeEntryHookABC & { readonly publishedOfficeApi: Api };
}
