import { type PluginFieldEntryHookClass, PluginFieldEntryHookABC } from "@peek/plugin-base/field";
import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";

/** The API that the example publishes on logic. */
export interface ExampleLogicApi {
  readonly pumpCount: number;
  listPumps(site: string): Promise<readonly string[]>;
}

/** The API that the example publishes on field. */
export interface ExampleFieldApi {
  readonly online: boolean;
}

class LogicEntryHook extends PluginLogicEntryHookABC {
  override get publishedLogicApi(): ExampleLogicApi {
    return { pumpCount: 1, listPumps: async (site) => [site] };
  }
  override async load(): Promise<void> {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

class FieldEntryHook extends PluginFieldEntryHookABC {
  override get publishedFieldApi(): ExampleFieldApi {
    return { online: true };
  }
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

class WorkerEntryHook extends PluginWorkerEntryHookABC {
  override load(): void {}
  override start(): void {}
  override stop(): void {}
  override unload(): void {}
}

export function peekLogicEntryHook(): typeof LogicEntryHook {
  return LogicEntryHook;
}

export async function peekFieldEntryHook(): Promise<PluginFieldEntryHookClass<ExampleFieldApi>> {
  return FieldEntryHook;
}

export function peekWorkerEntryHook(): typeof WorkerEntryHook {
  return WorkerEntryHook;
}
