import type { PluginExposedActions } from "../actions/PluginActions.ts";
import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";
import type { PluginHttp } from "../http/PluginHttp.ts";
import type { PluginExposedObservables } from "../observables/PluginObservables.ts";

/** The platform object of a plugin on the field service: the gateway for field users' browsers and devices. */
export interface PeekFieldPlatformHook extends PeekPlatformCommonHook, OtherPluginApis<"field"> {
  readonly serviceName: "field";
  /** Which observables browsers may watch. */
  readonly observables: PluginExposedObservables;
  /** Which actions browsers may push. */
  readonly actions: PluginExposedActions;
  /** Pages and routes for browsers. */
  readonly http: PluginHttp;
}
