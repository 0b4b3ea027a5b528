import type { Logger } from "@peek/plugin-base";
import type { EntryHookFactory } from "../EntryHookFactory.ts";
import type { HookRunner } from "../hooks/HookRunner.ts";
import type { PluginLoaderOptions } from "../LoaderOptions.ts";
import type { ModuleVersions } from "../modules/ModuleVersions.ts";
import type { PluginLifecycle } from "../PluginLifecycle.ts";
import type { PluginRegistry } from "../PluginRegistry.ts";

/** The parts of the loader that changes are made with. */
export interface ChangeParts {
  readonly options: PluginLoaderOptions;
  readonly registry: PluginRegistry;
  readonly lifecycle: PluginLifecycle;
  readonly hooks: HookRunner;
  readonly entryHooks: EntryHookFactory;
  readonly versions: ModuleVersions;
  readonly logger: Logger;
}
