import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";

/** What the worker service (which runs tasks in parallel) hands to a plugin. */
export interface PeekWorkerPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"worker"> {
  readonly serviceName: "worker";
}
