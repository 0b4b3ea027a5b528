import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** The platform object of a plugin on the agent service: which integrates external systems. */
export interface PeekAgentPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"agent"> {
  readonly serviceName: "agent";
}
