// With the types of all that an entry hook is handed: else a plugin that imports nothing more could not have declarations (TS2883).
export type * from "../index.ts";
export type * from "../storage/index.ts";
export type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";
export { defineTaskHandler } from "../tasks/TaskHandler.ts";
export { PluginWorkerEntryHookABC, type PluginWorkerEntryHookClass } from "./PluginWorkerEntryHookABC.ts";
