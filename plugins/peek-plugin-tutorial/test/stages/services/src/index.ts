import type { PluginAgentEntryHookClass } from "@peek/plugin-base/agent";
import type { PluginFieldEntryHookClass } from "@peek/plugin-base/field";
import type { PluginLogicEntryHookClass } from "@peek/plugin-base/logic";
import type { PluginOfficeEntryHookClass } from "@peek/plugin-base/office";
import type { PluginWorkerEntryHookClass } from "@peek/plugin-base/worker";

/** Called by the logic service. */
export async function peekLogicEntryHook(): Promise<PluginLogicEntryHookClass> {
  const { LogicEntryHook } = await import("./_private/logic/LogicEntryHook.ts");
  return LogicEntryHook;
}

/** Called by the field service. */
export async function peekFieldEntryHook(): Promise<PluginFieldEntryHookClass> {
  const { FieldEntryHook } = await import("./_private/field/FieldEntryHook.ts");
  return FieldEntryHook;
}

/** Called by the office service. */
export async function peekOfficeEntryHook(): Promise<PluginOfficeEntryHookClass> {
  const { OfficeEntryHook } = await import("./_private/office/OfficeEntryHook.ts");
  return OfficeEntryHook;
}

/** Called by the worker service. */
export async function peekWorkerEntryHook(): Promise<PluginWorkerEntryHookClass> {
  const { WorkerEntryHook } = await import("./_private/worker/WorkerEntryHook.ts");
  return WorkerEntryHook;
}

/** Called by the agent service. */
export async function peekAgentEntryHook(): Promise<PluginAgentEntryHookClass> {
  const { AgentEntryHook } = await import("./_private/agent/AgentEntryHook.ts");
  return AgentEntryHook;
}
