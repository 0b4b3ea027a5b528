/** The bench's plugin, as the services import it. */
export async function peekLogicEntryHook() {
  const { LogicHook } = await import("./logicHook.js");
  return LogicHook;
}

export async function peekFieldEntryHook() {
  const { FieldHook } = await import("./fieldHook.js");
  return FieldHook;
}
