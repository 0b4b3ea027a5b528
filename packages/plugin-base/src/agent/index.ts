// With the types of all that an entry hook is handed: else a plugin that imports nothing more could not have declarations (TS2883).
export type * from "../index.ts";
export type { PeekAgentPlatformHook } from "./PeekAgentPlatformHook.ts";
export { PluginAgentEntryHookABC, type PluginAgentEntryHookClass } from "./PluginAgentEntryHookABC.ts";
