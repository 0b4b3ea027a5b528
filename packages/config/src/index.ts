export { configValue, loadConfig, type LoadedConfig, readConfig, setConfigValue } from "./ConfigFile.ts";
export { explainIssues } from "./explainIssues.ts";
export { HomeLock, homeLockHolder, type HomeLockHolder } from "./HomeLock.ts";
export { type JsonDocument, type JsonDocumentKind, readJsonDocument } from "./JsonDocument.ts";
export {
  type LogLevel,
  logLevels,
  type ServiceConfig,
  type ServiceConfigInput,
  serviceConfigSchema,
} from "./serviceConfig.ts";
export {
  createServiceHome,
  type HomeEnvironment,
  resolveInHome,
  type ServiceHome,
  serviceHome,
} from "./ServiceHome.ts";
export { checkTolerantly, type CheckedDocument, type UnknownKey } from "./unknownKeys.ts";
