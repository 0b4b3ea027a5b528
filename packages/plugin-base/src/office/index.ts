// With the types of all that an entry hook is handed: else a plugin that imports nothing more could not have declarations (TS2883).
export type * from "../index.ts";
export type { PeekOfficePlatformHook } from "./PeekOfficePlatformHook.ts";
export { PluginOfficeEntryHookABC, type PluginOfficeEntryHookClass } from "./PluginOfficeEntryHookABC.ts";
