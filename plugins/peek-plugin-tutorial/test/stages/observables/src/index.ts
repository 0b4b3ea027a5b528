import type { PluginFieldEntryHookClass } from "@peek/plugin-base/field";
import type { PluginLogicEntryHookClass } from "@peek/plugin-base/logic";

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
