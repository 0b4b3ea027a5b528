export { switchToOwnerOf } from "./switchToOwner.ts";
export {
  configPath,
  configValue,
  editConfigValue,
  loadConfig,
  type LoadedConfig,
  readConfig,
  setConfigValue,
} from "./ConfigFile.ts";
export { decodeUtf8 } from "./decodeUtf8.ts";
export { addEnabledPlugin, removeEnabledPlugin } from "./enabledPlugins.ts";
export { explainIssues } from "./explainIssues.ts";
export { FileLock, type FileLockOptions, LockHeldError } from "./FileLock.ts";
export { homeLockHolder, type HomeHolder, type HomeLock, lockHome } from "./lockHome.ts";
export { chownLike, makePrivateFolder } from "./ownership.ts";
export { type LockHolder, titleOf } from "./lockHolder.ts";
export { type JsonDocument, type JsonDocumentKind, maxJsonBytes, readJsonDocument } from "./JsonDocument.ts";
export { withoutJit } from "./withoutJit.ts";
export { isSecretKey } from "./secrets.ts";
export {
  type LogLevel,
  logLevels,
  type ServiceConfig,
  type ServiceConfigInput,
  serviceConfigSchema,
} from "./serviceConfig.ts";
export {
  createServiceHome,
  insecureModeOf,
  type HomeEnvironment,
  resolveInHome,
  type ServiceHome,
  serviceHome,
  siblingHome,
} from "./ServiceHome.ts";
export { checkTolerantly, type CheckedDocument, type UnknownKey } from "./unknownKeys.ts";
export { writeFileAtomic } from "./writeFileAtomic.ts";
