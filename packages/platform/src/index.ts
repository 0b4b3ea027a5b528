export { checkConnection } from "./connection/checkConnection.ts";
export { developmentConfig } from "./config/developmentConfig.ts";
export { packageConditions, pluginSources } from "./config/pluginSources.ts";
export { migrationsDirOf, storagePluginOf } from "./extensions/storagePlugin.ts";
export { PeekService, type PeekServiceOptions } from "./PeekService.ts";
export { runServiceProcess } from "./runServiceProcess.ts";
export type { ServiceDefinition } from "./ServiceDefinition.ts";
export { type ObservedService, type ObserveOptions, observeServices } from "./status/observeServices.ts";
export { hasTrouble, type ServiceStatus, summarise, type VortexStatus } from "./status/ServiceStatus.ts";
