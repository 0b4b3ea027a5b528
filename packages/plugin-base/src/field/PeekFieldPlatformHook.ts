import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** What the field service (the gateway for field users' browsers and devices) hands to a plugin. */
export interface PeekFieldPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"field"> {
  readonly serviceName: "field";
}
