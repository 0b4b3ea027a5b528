import { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "../common/entryHookBrand.ts";
import { PluginCommonEntryHookABC } from "../common/PluginCommonEntryHookABC.ts";
import type { PeekAgentPlatformHook } from "./PeekAgentPlatformHook.ts";

/** The entry point of a plugin on the agent service: which integrates external systems. */
export abstract class PluginAgentEntryHookABC extends PluginCommonEntryHookABC<PeekAgentPlatformHook> {
  static readonly [ENTRY_HOOK_BRAND]: EntryHookBrand = { service: "agent", apiVersion: PLUGIN_API_VERSION };

  /**
   * The API of this plugin for other plugins on the agent service, which call `platform.getOtherPluginApi()`. Read after load().
   * Default: none.
   */
  get publishedAgentApi(): unknown {
    return undefined;
  }
}

/** A class that `peekAgentEntryHook()` may return, publishing `Api` to other plugins. */
export interface PluginAgentEntryHookClass<Api = unknown> {
  new (
    pluginName: string,
    pluginRootDir: string,
    platform: PeekAgentPlatformHook,
  ): PluginAgentEntryHookABC & { readonly publishedAgentApi: Api };
}
