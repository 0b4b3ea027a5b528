export { PeekError, type PeekErrorCode } from "@peek/errors";
export type { LogFunction, Logger, LogMethod, ModuleMeta } from "./common/Logger.ts";
export type { OtherPluginApiOptions, PeekPlatformCommonHook } from "./common/PeekPlatformCommonHook.ts";
export type { OtherPluginApis, PluginApi } from "./common/PluginApi.ts";
export { PluginCommonEntryHookABC } from "./common/PluginCommonEntryHookABC.ts";
export type { PluginDisposables } from "./common/PluginDisposables.ts";
export { isPluginName, packageNameOf, pluginNameOf } from "./common/pluginName.ts";
export { serviceNames, type ServiceName } from "./common/services.ts";
export type { PluginPackage } from "./manifest/PluginPackage.ts";
