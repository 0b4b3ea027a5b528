import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";
import type { StorageOf } from "../storage/StorageOf.ts";
import type { PluginWorkerTasks } from "../tasks/PluginTasks.ts";
import type { TasksOf } from "../tasks/TasksOf.ts";

interface WorkerPlatform extends PeekPlatformCommonHook, OtherPluginApis<"worker"> {
  readonly serviceName: "worker";
}

/**
 * The platform object of a plugin on the worker service: which runs tasks in parallel.
 *
 * @typeParam Tables The rows of the plugin's tables, if it requires storage. Default: it does not.
 */
export type PeekWorkerPlatformHook<Tables extends object | undefined = undefined> = WorkerPlatform &
  StorageOf<Tables> &
  TasksOf<Tables, PluginWorkerTasks>;
