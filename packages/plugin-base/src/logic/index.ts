// Includes the types of the platform object: a plugin that imports nothing else could not emit declarations otherwise (TS2883).
export type * from "../index.ts";
export type * from "../storage/index.ts";
export type { PeekLogicPlatformHook } from "./PeekLogicPlatformHook.ts";
export { PluginLogicEntryHookABC, type PluginLogicEntryHookClass } from "./PluginLogicEntryHookABC.ts";
