export type { PeekWorkerPlatformHook } from "./PeekWorkerPlatformHook.ts";
export { defineTaskHandler } from "../tasks/TaskHandler.ts";
export { PluginWorkerEntryHookABC, type PluginWorkerEntryHookClass } from "./PluginWorkerEntryHookABC.ts";
