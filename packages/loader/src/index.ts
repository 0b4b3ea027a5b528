export type {
  ChangeConfirmation,
  ChangeKind,
  ChangeOutcome,
  ChangeRequest,
  ChangeResult,
  ChangeStep,
  PlannedChange,
  PlannedMigration,
  RunningChange,
  StepListener,
  VersionedGeneration,
} from "./changes/PluginChange.ts";
export type { DriftedPlugin, EnablementDrift } from "./enablementDrift.ts";
export { entryHookFunctionName } from "./hooks/loadEntryHookClass.ts";
export type { InstalledPlugin } from "./installedPlugin.ts";
export type { HookDeadlines, PluginLoaderOptions } from "./LoaderOptions.ts";
export { resolveEntry } from "./hooks/resolveEntry.ts";
export { manifestName, readManifest } from "./manifest/readManifest.ts";
export { type Order, type OrderNode, planOrder } from "./order/planOrder.ts";
export type { PlatformExtension } from "./PlatformExtension.ts";
export type { PluginGeneration, PluginInfo } from "./PluginInfo.ts";
export { PluginLoader } from "./PluginLoader.ts";
export { isLegalMove, type PluginState, pluginStates } from "./PluginState.ts";
export type { HookName, PluginStatus } from "./PluginStatus.ts";
export { type ResolvedPlugin, resolvePlugin } from "./resolvePlugin.ts";
export { sharedModuleUrls, shareModules } from "./shareModules.ts";
export { FolderSource } from "./sources/FolderSource.ts";
export { InstalledSource } from "./sources/InstalledSource.ts";
export { NodeModulesSource } from "./sources/NodeModulesSource.ts";
export type { PluginSource } from "./sources/PluginSource.ts";
export { WorkspaceSource } from "./sources/WorkspaceSource.ts";
