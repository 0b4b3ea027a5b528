/** The bench's plugin, as the services import it. */
export async function peekLogicEntryHook() {
  const { LogicHook } = await import("./logicHook.js");
  return LogicHook;
}

export async function peekWorkerEntryHook() {
  const { WorkerHook } = await import("./workerHook.js");
  return WorkerHook;
}
