export type { PeekLogicPlatformHook } from "./PeekLogicPlatformHook.ts";
export { PluginLogicEntryHookABC, type PluginLogicEntryHookClass } from "./PluginLogicEntryHookABC.ts";
