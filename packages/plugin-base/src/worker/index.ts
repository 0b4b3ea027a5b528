export type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";
export { PluginWorkerEntryHookABC, type PluginWorkerEntryHookClass } from "./PluginWorkerEntryHookABC.ts";
