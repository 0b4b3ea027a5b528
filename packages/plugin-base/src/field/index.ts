export type { PeekFieldPlatformHook } from "./PeekFieldPlatformHook.ts";
export { PluginFieldEntryHookABC, type PluginFieldEntryHookClass } from "./PluginFieldEntryHookABC.ts";
