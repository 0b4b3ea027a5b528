import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** What the agent service (which integrates external systems) hands to a plugin. */
export interface PeekAgentPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"agent"> {
  readonly serviceName: "agent";
}
