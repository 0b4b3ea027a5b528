// Includes the types of the platform object: a plugin that imports nothing else could not emit declarations otherwise (TS2883).
export type * from "../index.ts";
export type { PeekOfficePlatformHook } from "./PeekOfficePlatformHook.ts";
export { PluginOfficeEntryHookABC, type PluginOfficeEntryHookClass } from "./PluginOfficeEntryHookABC.ts";
