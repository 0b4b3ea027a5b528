/** For the platform's own packages: the brand of entry hooks, and the interfaces between these packages. Not for plugins. */
export { ENTRY_HOOK_BRAND, PLUGIN_API_VERSION, type EntryHookBrand } from "./common/entryHookBrand.ts";
export type { PlatformCore, PlatformParts } from "./common/PlatformParts.ts";
export type { EntryHookFunctionName, PublishedApiName } from "./common/PluginApi.ts";
export type {
  ActionKey,
  ActionLedger,
  LedgerOutcome,
  LedgerRequest,
  LedgerUsage,
  NewDeadLetter,
} from "./actions/ActionLedger.ts";
export { afterCommit, type AfterCommit, type TaskDatabase, type TaskRows } from "./tasks/TaskDatabase.ts";
export type { AnyStorage, OpenThreadStorage, TaskStorage, ThreadConnection } from "./tasks/TaskStorage.ts";
export type { SessionCheck, SessionHolder } from "./users/SessionCheck.ts";
export type { ChangeSource, WatchedTables, WatchTablesOptions } from "./observables/ChangeSource.ts";
