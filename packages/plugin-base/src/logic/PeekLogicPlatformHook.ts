import type { ActionsOf } from "../actions/ActionsOf.ts";
import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";
import type { PluginHttp } from "../http/PluginHttp.ts";
import type { PluginObservables } from "../observables/PluginObservables.ts";
import type { StorageOf } from "../storage/StorageOf.ts";
import type { PluginTasks } from "../tasks/PluginTasks.ts";
import type { TasksOf } from "../tasks/TasksOf.ts";

interface LogicPlatform extends PeekPlatformCommonHook, OtherPluginApis<"logic"> {
  readonly serviceName: "logic";
  /** Live data for browsers and devices. */
  readonly observables: PluginObservables;
  /** Pages and routes of the admin site. */
  readonly http: PluginHttp;
}

/**
 * The platform object of a plugin on the logic service: the centre, which owns the data.
 *
 * @typeParam Tables The rows of the plugin's tables, if it requires storage. Default: it does not.
 */
export type PeekLogicPlatformHook<Tables extends object | undefined = undefined> = LogicPlatform &
  StorageOf<Tables> &
  ActionsOf<Tables> &
  TasksOf<Tables, PluginTasks>;
