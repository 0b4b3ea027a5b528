export type { PeekOfficePlatformHook } from "./PeekOfficePlatformHook.ts";
export { PluginOfficeEntryHookABC, type PluginOfficeEntryHookClass } from "./PluginOfficeEntryHookABC.ts";
