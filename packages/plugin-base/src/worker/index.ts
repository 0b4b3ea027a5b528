// Includes the types of the platform object: a plugin that imports nothing else could not emit declarations otherwise (TS2883).
export type * from "../index.ts";
export type * from "../storage/index.ts";
export type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";
export { defineTaskHandler } from "../tasks/TaskHandler.ts";
export { PluginWorkerEntryHookABC, type PluginWorkerEntryHookClass } from "./PluginWorkerEntryHookABC.ts";
