import { PeekError } from "@peek/errors";
import type { Logger, ServiceName } from "@peek/plugin-base";
import type { EntryHookFactory } from "./EntryHookFactory.ts";
import type { HookFailure, HookRunner } from "./hooks/HookRunner.ts";
import { entryHookFunctionName } from "./hooks/loadEntryHookClass.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import type { Shutdown } from "./Shutdown.ts";

/** The dependencies of a {@link PluginRunner}. */
export interface PluginRunnerOptions extends Pick<PluginLoaderOptions, "service" | "extensions"> {
  readonly hooks: HookRunner;
  readonly entryHooks: EntryHookFactory;
  readonly shutdown: Shutdown;
  readonly logger: Logger;
}

/**
 * Takes one plugin at a time through the steps of its life, and knows nothing of the others. A hook that fails is returned;
 * the caller decides what follows from it.
 */
export class PluginRunner {
  readonly #options: PluginRunnerOptions;

  constructor(options: PluginRunnerOptions) {
    this.#options = options;
  }

  /**
   * Migrates, imports, constructs and loads a plugin. It is `loaded` or `skipped` then, unless a hook failed, or the plugin
   * failed or was blocked meanwhile.
   */
  async load(record: PluginRecord): Promise<HookFailure | undefined> {
    const { hooks, entryHooks, shutdown, logger } = this.#options;
    record.begin();
    const notMigrated = await this.#migrate(record);
    if (notMigrated !== undefined || !record.isIn("resolved", "migrated")) return notMigrated;
    record.moveTo("loading");
    const notImported = await hooks.run(record, "import", () => entryHooks.construct(record));
    if (notImported !== undefined || !record.isIn("loading") || shutdown.hasBegun) return notImported;
    if (record.live?.instance === undefined) {
      this.#skipWithoutHook(record);
      return undefined;
    }
    // Reached through the record: a variable would keep the instance of a hook that never settles.
    const notLoaded = await hooks.run(record, "load", async () => {
      await record.live?.instance?.load();
      record.live?.pendingHooks.add("unload");
    });
    if (notLoaded !== undefined || !record.isIn("loading")) return notLoaded;
    record.moveTo("loaded");
    logger.debug("%s loaded in %d ms", record.name, record.durations.load);
    return undefined;
  }

  /** Starts a plugin. It is `started` then, unless start() failed, or the plugin failed or was blocked meanwhile. */
  async start(record: PluginRecord): Promise<HookFailure | undefined> {
    const { hooks, logger, extensions = [] } = this.#options;
    record.moveTo("starting");
    if (record.live !== undefined) record.live.stack = record.live.startStack;
    const failure = await hooks.run(record, "start", async () => {
      await record.live?.instance?.start();
      record.live?.pendingHooks.add("stop");
    });
    if (failure !== undefined || !record.isIn("starting")) return failure;
    record.moveTo("started");
    for (const extension of extensions) if (extension.appliesTo(record.info)) extension.started?.(record.info);
    logger.debug("%s started in %d ms", record.name, record.durations.start);
    return undefined;
  }

  /**
   * Calls stop() if start() has succeeded. A plugin that has failed or is blocked stays so. {@link releaseStarted} comes
   * next, also when stop() fails.
   */
  async stop(record: PluginRecord): Promise<HookFailure | undefined> {
    const { hooks } = this.#options;
    await hooks.settle(record);
    hooks.abort(record);
    if (record.isIn("started")) record.moveTo("stopping");
    const failure = await this.#end(record, "stop", () => record.live?.instance?.stop());
    if (failure === undefined && record.isIn("stopping")) record.moveTo("stopped");
    return failure;
  }

  /** Releases what the plugin has acquired since start(). */
  async releaseStarted(record: PluginRecord): Promise<void> {
    if (record.live !== undefined) await this.#options.hooks.release(record, record.live.startStack, "stop");
  }

  /**
   * Calls unload() if load() has succeeded. A plugin that has failed or is blocked stays so. {@link releaseAll} comes next,
   * also when unload() fails.
   */
  async unload(record: PluginRecord): Promise<HookFailure | undefined> {
    if (record.live !== undefined) record.live.stack = record.live.loadStack;
    // In a state before `loaded`, a shutdown came in between.
    if (record.isIn("migrating", "migrated", "loading", "loaded", "stopped")) record.moveTo("unloading");
    const failure = await this.#end(record, "unload", () => record.live?.instance?.unload());
    if (failure === undefined && record.isIn("unloading")) record.moveTo("unloaded");
    return failure;
  }

  /** Releases all the rest, and forgets the instance: nothing of the plugin is left in memory. */
  async releaseAll(record: PluginRecord): Promise<void> {
    if (record.live !== undefined) await this.#options.hooks.release(record, record.live.loadStack, "unload");
    record.live = undefined;
  }

  /** Has every extension prepare what the plugin needs. */
  async #migrate(record: PluginRecord): Promise<HookFailure | undefined> {
    const { hooks, shutdown, logger, extensions = [] } = this.#options;
    const migrating = extensions.filter(
      (extension) => extension.migrate !== undefined && extension.appliesTo(record.info),
    );
    if (migrating.length === 0) return undefined;
    record.moveTo("migrating");
    const abandoned = new AbortController();
    const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
    const migrate = async (): Promise<void> => {
      try {
        for (const extension of migrating) await extension.migrate?.(record.info, abandoned.signal, begin);
      } catch (error) {
        if (!abandoned.signal.aborted) throw error;
        throw new PeekError("HOOK_CANCELLED", "its migration was abandoned: the plugin has to stop.");
      }
    };
    // The database undoes a migration that is done by half, so that a stop need not wait for it.
    const onCancel = (): void => abandoned.abort();
    const failure = await hooks.run(record, "migrate", migrate, { begins, onCancel });
    abandoned.abort();
    if (failure !== undefined || !record.isIn("migrating") || shutdown.hasBegun) return failure;
    record.moveTo("migrated");
    logger.debug("%s migrated in %d ms", record.name, record.durations.migrate);
    return undefined;
  }

  /** Runs a hook of the end, if its counterpart has succeeded. */
  async #end(record: PluginRecord, hook: "stop" | "unload", work: () => unknown): Promise<HookFailure | undefined> {
    if (record.live?.pendingHooks.delete(hook) !== true) return undefined;
    return await this.#options.hooks.runAtEnd(record, hook, work);
  }

  #skipWithoutHook(record: PluginRecord): void {
    const { service, logger } = this.#options;
    const error = entryHookMissing(record.name, service);
    record.skip(error);
    record.live = undefined;
    logger.warning("%s is skipped: %s", record.name, error.message);
  }
}

/** The error of a plugin whose package exports no hook function for the service. */
export function entryHookMissing(name: string, service: ServiceName): PeekError {
  return new PeekError(
    "ENTRY_HOOK_MISSING",
    `${name} requires ${service} in its plugin_package.json, but its package exports no function ${entryHookFunctionName(service)}(). Export it from the package's entry, or take ${service} out of requiresServices.`,
    { fields: { plugin: name } },
  );
}
