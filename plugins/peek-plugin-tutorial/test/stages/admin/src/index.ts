import type { PluginLogicEntryHookClass } from "@peek/plugin-base/logic";

/** Called by the logic service. */
export async function peekLogicEntryHook(): Promise<PluginLogicEntryHookClass> {
  const { LogicEntryHook } = await import("./_private/logic/LogicEntryHook.ts");
  return LogicEntryHook;
}
