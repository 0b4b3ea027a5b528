import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** What the office service (the gateway for desktop users' browsers) hands to a plugin. */
export interface PeekOfficePlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"office"> {
  readonly serviceName: "office";
}
