import type { PluginAgentEntryHookClass } from "@peek/plugin-base/agent";
import type { PluginLogicEntryHookClass } from "@peek/plugin-base/logic";

/** Called by the logic service. */
export async function peekLogicEntryHook(): Promise<PluginLogicEntryHookClass> {
  const { LogicEntryHook } = await import("./_private/logic/LogicEntryHook.ts");
  return LogicEntryHook;
}

/** Called by the agent service. */
export async function peekAgentEntryHook(): Promise<PluginAgentEntryHookClass> {
  const { AgentEntryHook } = await import("./_private/agent/AgentEntryHook.ts");
  return AgentEntryHook;
}
