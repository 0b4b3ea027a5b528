import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekFieldPlatformHook } from "./PeekFieldPlatformHook.ts";

/** The entry point of a plugin on the field service: the gateway for field users' browsers and devices. */
export abstract class PluginFieldEntryHookABC extends PluginCommonEntryHookABC<PeekFieldPlatformHook> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "field", apiVersion: PLUGIN_API_VERSION };

  /**
   * The API of this plugin for other plugins on the field service, which call `platform.getOtherPluginApi()`. Read after load().
   * Default: none.
   */
  get publishedFieldApi(): unknown {
    return undefined;
  }
}

/** A class that `peekFieldEntryHook()` may return, publishing `Api` to other plugins. */
export interface PluginFieldEntryHookClass<Api = unknown> {
  new (
    pluginName: string,
    pluginRootDir: string,
    platform: PeekFieldPlatformHook,
  ): PluginFieldEntryHookABC & { readonly publishedFieldApi: Api };
}
