import type { PluginLogicEntryHookClass } from "@peek/plugin-base/logic";
import type { PluginWorkerEntryHookClass } from "@peek/plugin-base/worker";

/** Called by the logic service. */
export async function peekLogicEntryHook(): Promise<PluginLogicEntryHookClass> {
  const { LogicEntryHook } = await import("./_private/logic/LogicEntryHook.ts");
  return LogicEntryHook;
}

/** Called by the worker service. */
export async function peekWorkerEntryHook(): Promise<PluginWorkerEntryHookClass> {
  const { WorkerEntryHook } = await import("./_private/worker/WorkerEntryHook.ts");
  return WorkerEntryHook;
}
