export { checkConnection } from "./checkConnection.ts";
export { developmentConfig } from "./developmentConfig.ts";
export { type ObservedService, type ObserveOptions, observeServices } from "./observeServices.ts";
export { PeekService, type PeekServiceOptions } from "./PeekService.ts";
export { packageConditions, pluginSources } from "./pluginSources.ts";
export { runServiceProcess } from "./runServiceProcess.ts";
export { migrationsDirOf, storagePluginOf } from "./StorageExtension.ts";
export type { ServiceDefinition } from "./ServiceDefinition.ts";
export { hasTrouble, type ServiceStatus, summarise, type VortexStatus } from "./ServiceStatus.ts";
