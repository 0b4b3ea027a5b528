export type { PeekAgentPlatformHook } from "./PeekAgentPlatformHook.ts";
export { PluginAgentEntryHookABC, type PluginAgentEntryHookClass } from "./PluginAgentEntryHookABC.ts";
