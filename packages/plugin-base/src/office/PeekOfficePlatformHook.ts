import type { PluginExposedActions } from "../actions/PluginActions.ts";
import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";
import type { PluginHttp } from "../http/PluginHttp.ts";
import type { PluginExposedObservables } from "../observables/PluginObservables.ts";

/** The platform object of a plugin on the office service: the gateway for desktop users' browsers. */
export interface PeekOfficePlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"office"> {
  readonly serviceName: "office";
  /** Which observables browsers may watch. */
  readonly observables: PluginExposedObservables;
  /** Which actions browsers may push. */
  readonly actions: PluginExposedActions;
  /** Pages and routes for browsers. */
  readonly http: PluginHttp;
}
