import type { ServiceName } from "./services.ts";
import type { OtherPluginApiOptions } from "./PeekPlatformCommonHook.ts";

/** The function that a plugin's package exports for a service. */
export type EntryHookFunctionName<Service extends ServiceName> = `peek${Capitalize<Service>}EntryHook`;

/** The property of an entry hook that holds what the plugin publishes on a service. */
export type PublishedApiName<Service extends ServiceName> = `published${Capitalize<Service>}Api`;

type ApiOfClass<Class, Service extends ServiceName> = Class extends abstract new (...args: never[]) => infer Instance
  ? PublishedApiName<Service> extends keyof Instance
    ? Instance[PublishedApiName<Service>]
    : never
  : never;

/**
 * The API that the plugin with the public entry `Module` publishes on `Service`, from the return type of its
 * `peek<Service>EntryHook()`.
 *
 * @example
 * type TutorialApi = PluginApi<typeof import("peek-plugin-tutorial"), "logic">;
 */
export type PluginApi<Module, Service extends ServiceName> =
  EntryHookFunctionName<Service> extends keyof Module
    ? Module[EntryHookFunctionName<Service>] extends () => infer Result
      ? ApiOfClass<Awaited<Result>, Service>
      : never
    : never;

/** The part of a platform object that gives access to other plugins on the same service. */
export interface OtherPluginApis<Service extends ServiceName> {
  /**
   * The API that another plugin publishes on this service. The other has been loaded before this plugin's load(), and
   * started before its start().
   *
   * @typeParam Module The other plugin's public entry, `typeof import("peek-plugin-other")`, which determines the type.
   * @param pluginName The other plugin's name, as in `dependencies` of this one's plugin_package.json.
   * @returns The API; with `{ optional: true }`, undefined where the other plugin is not running here.
   * @throws PeekError `API_NOT_DECLARED` when plugin_package.json has no such dependency, or one that is optional
   *   while the call is not (or the reverse).
   * @throws PeekError `API_NOT_PUBLISHED` when the other plugin publishes nothing on this service.
   * @throws PeekError `PLUGIN_RELEASED` when this plugin or the other has been stopped.
   */
  getOtherPluginApi<Module = unknown>(
    pluginName: string,
    options?: OtherPluginApiOptions & { readonly optional?: false },
  ): unknown extends Module ? unknown : PluginApi<Module, Service>;
  getOtherPluginApi<Module = unknown>(
    pluginName: string,
    options: OtherPluginApiOptions & { readonly optional: true },
  ): unknown extends Module ? unknown : PluginApi<Module, Service> | undefined;
}
