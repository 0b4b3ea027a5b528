import type { PeekPlatformCommonHook } from "../common/PeekPlatformCommonHook.ts";
import type { OtherPluginApis } from "../common/PluginApi.ts";
import type { StorageOf } from "../storage/StorageOf.ts";

interface LogicPlatform extends PeekPlatformCommonHook, OtherPluginApis<"logic"> {
  readonly serviceName: "logic";
}

/**
 * What the logic service (the centre, which owns the data) hands to a plugin.
 *
 * @typeParam Tables The rows of the plugin's tables, where it requires storage. Default: it does not.
 */
export type PeekLogicPlatformHook<Tables extends object | undefined = undefined> = LogicPlatform & StorageOf<Tables>;
