export type { PoolStatus } from "./access/ConnectionPool.ts";
export type { EmbeddedUse } from "./DatabaseLocation.ts";
export { hasEmbeddedDatabase } from "./embedded/hasEmbeddedDatabase.ts";
export { EmbeddedServer, type EmbeddedServerOptions } from "./embedded/EmbeddedServer.ts";
export type { RollbackOptions } from "./migration/Migrator.ts";
export { Storage, type StorageOptions } from "./Storage.ts";
export type { StoragePlugin } from "./StoragePlugin.ts";
export type { StorageStatus } from "./StorageStatus.ts";
export type { SchemaSurvey } from "./surveySchemas.ts";
