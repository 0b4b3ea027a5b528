import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** What the logic service (the centre, which owns the data) hands to a plugin. */
export interface PeekLogicPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"logic"> {
  readonly serviceName: "logic";
}
