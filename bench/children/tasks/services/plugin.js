/** The bench's plugin, imported by the services. */
export async function peekLogicEntryHook() {
  const { LogicHook } = await import("./logicHook.js");
  return LogicHook;
}

export async function peekWorkerEntryHook() {
  const { WorkerHook } = await import("./workerHook.js");
  return WorkerHook;
}
