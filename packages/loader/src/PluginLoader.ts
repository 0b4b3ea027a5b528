import { messageOf, PeekError, toError } from "@peek/errors";
import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { attributeError } from "./attributeError.ts";
import { EntryHookFactory } from "./EntryHookFactory.ts";
import { errorFields } from "./errorFields.ts";
import { type HookFailure, HookRunner, hookTitle } from "./hooks/HookRunner.ts";
import { PluginContext } from "./hooks/PluginContext.ts";
import { findReplaced } from "./installedPlugin.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { inDependencyOrder } from "./order/inDependencyOrder.ts";
import type { PluginInfo } from "./PluginInfo.ts";
import { planPlugins } from "./planPlugins.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import { PluginRegistry } from "./PluginRegistry.ts";
import { PluginRunner } from "./PluginRunner.ts";
import type { PluginState } from "./PluginState.ts";
import type { HookName, PluginStatus } from "./PluginStatus.ts";
import { Shutdown } from "./Shutdown.ts";

/**
 * Runs the enabled plugins of one service: {@link resolve}, {@link load}, {@link start}, and in the end {@link stop}.
 * A plugin's failure is the state of that plugin, and blocks the plugins that depend on it.
 */
export class PluginLoader {
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;
  readonly #context = new PluginContext();
  readonly #registry = new PluginRegistry();
  readonly #shutdown = new Shutdown();
  readonly #hooks: HookRunner;
  readonly #entryHooks: EntryHookFactory;
  readonly #runner: PluginRunner;
  /** Keeps a plugin that throws repeatedly after its end from filling the log. */
  readonly #lateErrors = new LogThrottle();
  /** Plugins that have failed, or are blocked, and are stopped and unloaded while the others run on. */
  readonly #teardowns = new Map<PluginRecord, Promise<void>>();
  /** Plugins that failed to stop or unload since the shutdown began. */
  readonly #failedToStop = new Set<PluginRecord>();

  constructor(options: PluginLoaderOptions) {
    this.#options = options;
    this.#logger = options.getLogger("peek_loader.PluginLoader");
    const { service, deadlines, extensions = [] } = options;
    const shared = { shutdown: this.#shutdown, logger: this.#logger };
    this.#hooks = new HookRunner({ ...shared, context: this.#context, deadlines });
    this.#entryHooks = new EntryHookFactory(options, this.#registry);
    const parts = { hooks: this.#hooks, entryHooks: this.#entryHooks };
    this.#runner = new PluginRunner({ ...shared, ...parts, service, extensions });
  }

  /** The state of every enabled plugin, in the order of plugin.enabled. */
  status(): readonly PluginStatus[] {
    return this.#registry.all.map((record) => record.status());
  }

  /** As {@link status}, with the version that is installed now: each plugin is looked up once more. */
  statusWithInstalled(): readonly PluginStatus[] {
    const { sources, conditions } = this.#options;
    return this.#registry.all.map((record) => {
      const installed = findReplaced(record.name, record.resolved, sources, conditions);
      return { ...record.status(), ...(installed !== undefined && { installed }) };
    });
  }

  /** The plugin that caused an error which was not caught, if any. See {@link attributeError}. */
  pluginOf(error: Error): string | undefined {
    const plugins = this.#registry.all.flatMap((record) =>
      record.resolved === undefined ? [] : [{ name: record.name, rootDir: record.rootDir }],
    );
    const dependsOn = (name: string, on: string): boolean => this.#registry.dependsOn(name, on);
    return attributeError(error.stack ?? "", this.#context.current(), plugins, dependsOn);
  }

  /** The plugins that are to be loaded, dependencies first. */
  toLoad(): readonly PluginInfo[] {
    return this.#registry.order.filter((record) => record.isIn("resolved")).map((record) => record.info);
  }

  /** Finds every enabled plugin, checks its manifest, and determines the order. No plugin code runs. */
  async resolve(): Promise<void> {
    const { records, order } = planPlugins(this.#options, this.#logger);
    this.#registry.replace(records, order);
    for (const record of this.#registry.inState("failed")) this.#blockDependantsOf(record);
  }

  /**
   * Loads the resolved plugins, each after its dependencies, otherwise in parallel. A plugin that fails is stopped and
   * unloaded while the others go on, which do not wait for it.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to count.
   */
  async load(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("resolved", cancel, (record) => this.#runner.load(record));
  }

  /**
   * Starts the loaded plugins, each after its dependencies, otherwise in parallel. A plugin that fails is stopped and
   * unloaded while the others go on, which do not wait for it.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to count.
   */
  async start(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("loaded", cancel, (record) => this.#runner.start(record));
  }

  /**
   * Stops all started plugins, then unloads all loaded plugins, in reverse order, one at a time; the rest in parallel when
   * the time for all is used up. load() and start() must have settled.
   *
   * @returns The plugins that failed to stop or unload.
   */
  async stop(): Promise<readonly PluginStatus[]> {
    this.#beginShutdown();
    await Promise.all(this.#teardowns.values());
    await this.#inReverse((record) => this.#stopOne(record));
    await this.#inReverse((record) => this.#unloadOne(record));
    const { order } = this.#registry;
    return order.toReversed().flatMap((record) => (this.#failedToStop.has(record) ? [record.status()] : []));
  }

  /**
   * Makes a plugin fail because of an error that was thrown outside any hook: it is stopped and unloaded after the plugins
   * that depend on it.
   *
   * @returns Whether there is such a plugin.
   */
  reportError(pluginName: string, thrown: unknown): boolean {
    const record = this.#registry.find(pluginName);
    if (record === undefined) return false;
    const error = PeekError.is(thrown)
      ? thrown
      : new PeekError("PLUGIN_LATE_ERROR", `it threw outside its hooks: ${messageOf(thrown)}`, {
          cause: toError(thrown),
        });
    // A hook that is running is not interrupted: what it does by half would not be undone.
    if (record.isIn("migrating", "migrated", "loading", "loaded", "starting", "started"))
      this.#fail(record, error, record.running?.hook);
    else this.#logLateError(record, error);
    return true;
  }

  /** Whether an unhandled error has been handled by the loader all the same. */
  isHandled(error: Error): boolean {
    return this.#entryHooks.isRetried(error);
  }

  #logLateError(record: PluginRecord, error: PeekError): void {
    if (this.#shutdown.hasBegun && record.live !== undefined) this.#failedToStop.add(record);
    const more = this.#lateErrors.count(record.name);
    if (more === undefined) return;
    this.#logger.error(errorFields(error), "%s, which is %s: %s%s", record.name, record.state, error.message, more);
  }

  /** Moves a plugin to `failed`, and blocks the plugins that require it. */
  #fail(record: PluginRecord, error: PeekError, hook: HookName | undefined): void {
    record.fail(error, hook);
    const where = hook === undefined ? "" : ` in ${hookTitle(hook)}`;
    const isStopping = this.#shutdown.hasBegun;
    // A plugin that waits for a database when the service begins to stop did nothing wrong.
    const level = isStopping && hook === "migrate" ? "info" : "error";
    this.#logger[level](errorFields(error), "%s failed%s: %s", record.name, where, error.message);
    if (isStopping) {
      // It is stopped in its place in the order. A plugin that was interrupted on its way up did nothing wrong.
      if (hook === "stop" || hook === "unload" || hook === undefined) this.#failedToStop.add(record);
      return;
    }
    this.#blockDependantsOf(record);
    this.#tearDown(record);
  }

  #blockDependantsOf(record: PluginRecord): void {
    const blocked = this.#registry
      .dependantsOf(record)
      .toReversed()
      .filter((dependant) =>
        dependant.isIn("resolved", "migrating", "migrated", "loading", "loaded", "starting", "started"),
      );
    for (const dependant of blocked) {
      // Its direct dependency comes earlier in the order, and is blocked by now.
      const required = this.#registry.requiredBy(dependant);
      const by = required.find((each) => each.isIn("failed", "blocked", "skipped")) ?? record;
      const error = blockedBy(dependant, by);
      dependant.block(error, by.name);
      this.#logger.error({ code: error.code, ...error.fields }, "%s is blocked: %s", dependant.name, error.message);
    }
    for (const dependant of blocked.toReversed()) this.#tearDown(dependant);
  }

  /** Stops and unloads a failed or blocked plugin, once the plugins that depend on it have ended. */
  #tearDown(record: PluginRecord): void {
    if (record.live === undefined) return;
    const end = async (): Promise<void> => {
      const dependants = this.#registry.dependantsOf(record);
      await Promise.all(dependants.flatMap((dependant) => this.#teardowns.get(dependant) ?? []));
      await this.#endAlone(record, () => this.#stopOne(record));
      await this.#endAlone(record, () => this.#unloadOne(record));
      this.#teardowns.delete(record);
    };
    this.#teardowns.set(record, end());
  }

  /** One half of a plugin's end while others run on. In a shutdown, it ends in its place in the order instead. */
  async #endAlone(record: PluginRecord, half: () => Promise<boolean>): Promise<void> {
    if (this.#shutdown.hasBegun) return;
    const succeeded = await half();
    if (!succeeded && this.#shutdown.hasBegun) this.#failedToStop.add(record);
  }

  /** @returns Whether stop() succeeded, or was not needed. */
  async #stopOne(record: PluginRecord): Promise<boolean> {
    if (record.live === undefined) return true;
    const failure = await this.#runner.stop(record);
    if (failure !== undefined) this.#failAtEnd(record, failure);
    await this.#runner.releaseStarted(record);
    return failure === undefined;
  }

  /** @returns Whether unload() succeeded, or was not needed. */
  async #unloadOne(record: PluginRecord): Promise<boolean> {
    if (record.live === undefined) return true;
    const failure = await this.#runner.unload(record);
    if (failure !== undefined) this.#failAtEnd(record, failure);
    await this.#runner.releaseAll(record);
    return failure === undefined;
  }

  #failAtEnd(record: PluginRecord, { error, hook }: HookFailure): void {
    if (record.isIn("stopping", "unloading")) this.#fail(record, error, hook);
    else this.#logger.warning(errorFields(error), "%s: %s failed too: %s", record.name, hookTitle(hook), error.message);
  }

  /** Takes the plugins that are in `from` a step further. */
  async #inOrder(
    from: PluginState,
    cancel: AbortSignal | undefined,
    step: (record: PluginRecord) => Promise<HookFailure | undefined>,
  ): Promise<void> {
    const onCancel = (): void => this.#beginShutdown();
    if (cancel?.aborted === true) onCancel();
    cancel?.addEventListener("abort", onCancel, { once: true });
    await inDependencyOrder(this.#registry.order, async (record) => {
      if (!record.isIn(from) || this.#shutdown.hasBegun || !this.#isReady(record, from)) return;
      // The others do not wait for a plugin that has failed or is blocked meanwhile.
      await Promise.race([this.#stepForward(record, step), record.failedOrBlocked]);
      if (record.isIn("skipped")) this.#blockDependantsOf(record);
    });
    cancel?.removeEventListener("abort", onCancel);
  }

  async #stepForward(
    record: PluginRecord,
    step: (record: PluginRecord) => Promise<HookFailure | undefined>,
  ): Promise<void> {
    const failure = await step(record);
    // It may have failed, or have been blocked, for another reason before.
    if (failure === undefined || !record.isIn("migrating", "loading", "starting")) return;
    this.#fail(record, failure.error, failure.hook);
  }

  /** Whether all plugins that a plugin requires have passed `from`. They have not, when a shutdown came in between. */
  #isReady(record: PluginRecord, from: PluginState): boolean {
    return this.#registry.requiredBy(record).every((dependency) => !dependency.isIn(from));
  }

  #beginShutdown(): void {
    if (this.#shutdown.hasBegun) return;
    this.#shutdown.begin(this.#options.deadlines.shutdownMs);
    this.#hooks.cancelAll();
  }

  async #inReverse(step: (record: PluginRecord) => Promise<boolean>): Promise<void> {
    const end = async (record: PluginRecord): Promise<void> => {
      if (!(await step(record))) this.#failedToStop.add(record);
    };
    const rest = this.#registry.order.toReversed().filter((record) => record.live !== undefined);
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      await end(next);
      if (this.#shutdown.isOverdue()) break;
    }
    await Promise.all(rest.map(end));
  }
}

function blockedBy(dependant: PluginRecord, by: PluginRecord): PeekError {
  const why = by.failure === undefined ? "" : ` (${by.failure.code})`;
  return new PeekError(
    "DEPENDENCY_FAILED",
    `${dependant.name} depends on ${by.name}, which is ${by.state}${why}. Fix ${by.name} first.`,
    { fields: { plugin: dependant.name, blockedBy: by.name } },
  );
}
