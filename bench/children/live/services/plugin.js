/** The bench's plugin, imported by the services. */
export async function peekLogicEntryHook() {
  const { LogicHook } = await import("./logicHook.js");
  return LogicHook;
}

export async function peekFieldEntryHook() {
  const { FieldHook } = await import("./fieldHook.js");
  return FieldHook;
}
