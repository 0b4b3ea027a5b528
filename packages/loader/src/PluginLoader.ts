import { messageOf, PeekError, toError } from "@peek/errors";
import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { attributeError } from "./attributeError.ts";
import { ChangeQueue } from "./changes/ChangeQueue.ts";
import type {
  ChangeConfirmation,
  ChangeRequest,
  ChangeResult,
  RunningChange,
  StepListener,
} from "./changes/PluginChange.ts";
import type { EnablementDrift } from "./enablementDrift.ts";
import { EntryHookFactory } from "./EntryHookFactory.ts";
import { errorFields } from "./errorFields.ts";
import { HookRunner } from "./hooks/HookRunner.ts";
import { type GenerationId, PluginContext } from "./hooks/PluginContext.ts";
import { findReplaced } from "./installedPlugin.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { ModuleVersions } from "./modules/ModuleVersions.ts";
import type { PluginInfo } from "./PluginInfo.ts";
import { PluginLifecycle, type UpwardState } from "./PluginLifecycle.ts";
import { planPlugins } from "./planPlugins.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import { PluginRegistry } from "./PluginRegistry.ts";
import { PluginRunner } from "./PluginRunner.ts";
import type { PluginStatus } from "./PluginStatus.ts";
import { Shutdown } from "./Shutdown.ts";

/**
 * Runs the enabled plugins of one service: {@link resolve}, {@link load}, {@link start}, and in the end {@link stop}.
 * A plugin's failure is the state of that plugin, and blocks the plugins that depend on it. Between start() and stop(), plugins
 * may {@link change}.
 */
export class PluginLoader {
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;
  readonly #context = new PluginContext();
  readonly #registry = new PluginRegistry();
  readonly #shutdown = new Shutdown();
  readonly #versions = new ModuleVersions();
  readonly #hooks: HookRunner;
  readonly #entryHooks: EntryHookFactory;
  readonly #lifecycle: PluginLifecycle;
  readonly #changes: ChangeQueue;
  /** Keeps a plugin that throws repeatedly after its end from filling the log. */
  readonly #lateErrors = new LogThrottle();

  constructor(options: PluginLoaderOptions) {
    this.#options = options;
    this.#logger = options.getLogger("peek_loader.PluginLoader");
    const { service, deadlines, extensions = [] } = options;
    const registry = this.#registry;
    const shared = { shutdown: this.#shutdown, logger: this.#logger };
    this.#hooks = new HookRunner({ ...shared, context: this.#context, deadlines });
    this.#entryHooks = new EntryHookFactory(options, registry, this.#versions);
    const parts = { hooks: this.#hooks, entryHooks: this.#entryHooks };
    const runner = new PluginRunner({ ...shared, ...parts, service, extensions });
    this.#lifecycle = new PluginLifecycle({ ...shared, registry, runner, hooks: this.#hooks });
    this.#changes = new ChangeQueue(async (request, run) => {
      // Most services never change a plugin.
      const { ChangeExecutor } = await import("./changes/ChangeExecutor.ts");
      const lifecycle = this.#lifecycle;
      return new ChangeExecutor({
        ...shared,
        ...parts,
        options,
        registry,
        lifecycle,
        versions: this.#versions,
      }).execute(request, run);
    });
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

  /** Compares the plugins with the names that config.json enables now. */
  async drift(enabled: readonly string[]): Promise<EnablementDrift> {
    const { enablementDrift } = await import("./enablementDrift.ts");
    return enablementDrift(this.#registry, enabled, this.#options);
  }

  /** The plugin that caused an error which was not caught, if any. See {@link attributeError}. */
  pluginOf(error: Error): string | undefined {
    return this.#generationOf(error)?.name;
  }

  /** The plugins that are to be loaded, dependencies first. */
  toLoad(): readonly PluginInfo[] {
    return this.#registry.order.filter((record) => record.isIn("resolved")).map((record) => record.info);
  }

  /**
   * Finds every enabled plugin, checks its manifest, and determines the order. No plugin code runs.
   *
   * @param broughtBack The plugins whose version is brought back because a later one failed. Default: none.
   */
  async resolve(broughtBack: readonly string[] = []): Promise<void> {
    const { records, order } = planPlugins(this.#options, this.#logger);
    for (const record of records.values()) {
      record.isBroughtBack = broughtBack.includes(record.name);
      this.#registry.put(record);
    }
    this.#registry.reorder(order);
    for (const record of this.#registry.inState("failed")) this.#lifecycle.blockDependantsOf(record);
  }

  /**
   * Loads the resolved plugins, each after its dependencies, otherwise in parallel. A plugin that fails is stopped and
   * unloaded while the others go on, which do not wait for it.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to count.
   */
  async load(cancel?: AbortSignal): Promise<void> {
    await this.#takeUp("resolved", cancel);
  }

  /**
   * Starts the loaded plugins, each after its dependencies, otherwise in parallel. A plugin that fails is stopped and
   * unloaded while the others go on, which do not wait for it. Then waiting changes begin.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to count.
   */
  async start(cancel?: AbortSignal): Promise<void> {
    await this.#takeUp("loaded", cancel);
    if (!this.#shutdown.hasBegun) this.#changes.open();
  }

  /**
   * Reloads, enables or disables a plugin while the others run on. Changes are executed one after the other, in the order of
   * their arrival, and begin when {@link start} has settled.
   *
   * @param onStep Called when a step of the change begins.
   * @param confirm Called before the first plugin is stopped. Default: the change goes on.
   * @returns What came of it. It never rejects: a refused or failed change is a result.
   */
  change(request: ChangeRequest, onStep?: StepListener, confirm?: ChangeConfirmation): Promise<ChangeResult> {
    return this.#changes.add(request, onStep, confirm);
  }

  /** Has a change that is being executed watch the new generation of its plugin no longer. */
  endProbe(plugin: string): void {
    this.#changes.endProbe(plugin);
  }

  /** The change that is being executed. */
  get runningChange(): RunningChange | undefined {
    return this.#changes.running;
  }

  /** The results of the last changes, up to 100, the newest last. */
  changes(): readonly ChangeResult[] {
    return this.#changes.results;
  }

  /** Refuses further changes, and ends the one that is being executed; the time for {@link stop} begins to count then. */
  async endChanges(): Promise<void> {
    if (this.#changes.running !== undefined) this.#beginShutdown();
    await this.#changes.close();
  }

  /**
   * Stops all started plugins, then unloads all loaded plugins, in reverse order, one at a time; the rest in parallel when
   * the time for all is used up. load() and start() must have settled.
   *
   * @returns The plugins that failed to stop or unload.
   */
  async stop(): Promise<readonly PluginStatus[]> {
    this.#beginShutdown();
    await this.#changes.close();
    await this.#lifecycle.teardowns();
    await this.#lifecycle.takeDown(this.#registry.order);
    this.#versions[Symbol.dispose]();
    return this.#lifecycle.failedToStop;
  }

  /**
   * Makes the plugin fail that caused an error which was not caught: it is stopped and unloaded after the plugins that depend on
   * it. An error that an earlier generation caused is only logged.
   *
   * @returns Whether there is such a plugin, or the error has been handled by the loader.
   */
  reportUncaught(error: Error): boolean {
    if (this.#entryHooks.isRetried(error)) return true;
    const culprit = this.#generationOf(error);
    return culprit !== undefined && this.reportError(culprit.name, error, culprit.generation);
  }

  /**
   * Makes a plugin fail because of an error that was thrown outside any hook: it is stopped and unloaded after the plugins
   * that depend on it.
   *
   * @param generation The generation that caused it. The error of one that is not the present one is only logged. Default: the
   *   present one.
   * @returns Whether there is such a plugin.
   */
  reportError(pluginName: string, thrown: unknown, generation?: number): boolean {
    const record = this.#registry.find(pluginName);
    const error = asLateError(thrown);
    if (generation !== undefined && generation !== record?.generation) {
      this.#logEnded(pluginName, generation, error);
      return true;
    }
    if (record === undefined) return false;
    // A hook that is running is not interrupted: what it does by half would not be undone.
    if (record.isIn("migrating", "migrated", "loading", "loaded", "starting", "started"))
      this.#lifecycle.fail(record, error, record.running?.hook);
    else this.#logLate(record, error);
    return true;
  }

  #generationOf(error: Error): GenerationId | undefined {
    const { generations } = this.#registry;
    const dependsOn = (name: string, on: string): boolean => this.#registry.dependsOn(name, on);
    return attributeError(error.stack ?? "", this.#context.current(), generations, dependsOn);
  }

  #logLate(record: PluginRecord, error: PeekError): void {
    if (record.live !== undefined) this.#lifecycle.noteTrouble(record);
    const more = this.#lateErrors.count(record.title);
    if (more === undefined) return;
    this.#logger.error(errorFields(error), "%s, which is %s: %s%s", record.title, record.state, error.message, more);
  }

  #logEnded(name: string, generation: number, error: PeekError): void {
    const more = this.#lateErrors.count(`${name} ${generation}`);
    if (more === undefined) return;
    const template = "%s (generation %d), which is not the present one: %s%s";
    this.#logger.error({ ...errorFields(error), generation }, template, name, generation, error.message, more);
  }

  async #takeUp(from: UpwardState, cancel: AbortSignal | undefined): Promise<void> {
    const onCancel = (): void => this.#beginShutdown();
    if (cancel?.aborted === true) onCancel();
    cancel?.addEventListener("abort", onCancel, { once: true });
    await this.#lifecycle.takeUp(this.#registry.order, from);
    cancel?.removeEventListener("abort", onCancel);
  }

  #beginShutdown(): void {
    if (this.#shutdown.hasBegun) return;
    this.#shutdown.begin(this.#options.deadlines.shutdownMs);
    this.#hooks.cancelAll();
  }
}

function asLateError(thrown: unknown): PeekError {
  if (PeekError.is(thrown)) return thrown;
  const message = `it threw outside its hooks: ${messageOf(thrown)}`;
  return new PeekError("PLUGIN_LATE_ERROR", message, { cause: toError(thrown) });
}
