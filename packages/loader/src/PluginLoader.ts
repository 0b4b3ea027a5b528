import { pathToFileURL } from "node:url";
import { PeekError, toError, messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { pluginDependencies } from "@peek/plugin-base/manifest";
import { PluginContext } from "./hooks/PluginContext.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { bindDependencies } from "./order/bindDependencies.ts";
import { otherPluginApi } from "./order/otherPluginApi.ts";
import { planOrder } from "./order/planOrder.ts";
import { PluginRecord } from "./PluginRecord.ts";
import { PluginRunner } from "./PluginRunner.ts";
import type { PluginState } from "./PluginState.ts";
import type { PluginStatus } from "./PluginStatus.ts";
import { stopTime } from "./StopTime.ts";
import { resolvePlugin } from "./resolvePlugin.ts";

/**
 * Runs the enabled plugins of one service: {@link resolve}, {@link load}, {@link start}, and in the end {@link stop}.
 * Whatever goes wrong with a plugin is that plugin's state, and that of those which depend on it.
 */
export class PluginLoader {
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;
  readonly #context = new PluginContext();
  readonly #runner: PluginRunner;
  readonly #records = new Map<string, PluginRecord>();
  /** Those that can run, dependencies first. */
  #order: readonly PluginRecord[] = [];
  /** Plugins that failed while running and are being taken down. */
  readonly #failing = new Map<PluginRecord, Promise<void>>();

  constructor(options: PluginLoaderOptions) {
    this.#options = options;
    this.#logger = options.getLogger("peek_loader.PluginLoader");
    this.#runner = new PluginRunner({
      ...options,
      context: this.#context,
      logger: this.#logger,
      getOtherPluginApi: (consumer, name, optional) =>
        otherPluginApi(consumer, name, optional, options.service, (other) => this.#records.get(other)),
    });
  }

  /** The state of every enabled plugin, in the order of plugin.enabled. */
  status(): readonly PluginStatus[] {
    return [...this.#records.values()].map((record) => record.status());
  }

  /** The plugin whose code is running, if any. */
  currentPlugin(): string | undefined {
    return this.#context.current();
  }

  /** The plugin that an error was thrown in, by the files that its stack names, if any. */
  pluginOfStack(error: Error): string | undefined {
    const frames = error.stack ?? "";
    const placed = [...this.#records.values()].flatMap((record) => {
      const at = record.resolved === undefined ? -1 : frames.indexOf(`${pathToFileURL(record.rootDir).href}/`);
      return at < 0 ? [] : [{ name: record.name, at }];
    });
    // The innermost frame comes first.
    return placed.sort((one, other) => one.at - other.at)[0]?.name;
  }

  /** Finds every enabled plugin, checks its manifest, and settles their order. No plugin code runs. */
  async resolve(): Promise<void> {
    const times = Map.groupBy(this.#options.enabled, (name) => name);
    for (const [name, { length }] of times) await this.#resolveOne(name, length);
    for (const record of this.#inState("resolved")) await this.#bind(record);
    const bound = this.#inState("resolved", "failed");
    const { order, cyclic } = planOrder(bound.map((record) => ({ name: record.name, after: record.waitsFor })));
    for (const [name, error] of cyclic) await this.#failByName(name, error);
    this.#order = order.flatMap((name) => this.#records.get(name) ?? []);
  }

  /**
   * Loads what was resolved, each plugin after those it depends on, others side by side.
   *
   * @param cancel When it fires, no further plugin is begun.
   */
  async load(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("resolved", cancel, (record) => this.#runner.load(record, cancel), "loaded");
  }

  /**
   * Starts what was loaded, each plugin after those it depends on, others side by side.
   *
   * @param cancel When it fires, no further plugin is begun.
   */
  async start(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("loaded", cancel, (record) => this.#runner.start(record, cancel), "started");
  }

  /**
   * Stops all that were started, then unloads all that were loaded, in the reverse of their order, one at a time.
   * load() and start() must have settled.
   *
   * @returns Those that did not stop or unload as they should.
   */
  async stop(): Promise<readonly PluginStatus[]> {
    const until = stopTime(this.#options.deadlines.shutdownMs);
    await Promise.all(this.#failing.values());
    const reverse = this.#order.toReversed();
    const running = reverse.filter((record) => record.isIn("started", "loaded"));
    for (const record of reverse) if (record.isIn("started")) await this.#runner.stop(record, until);
    for (const record of reverse) if (record.isIn("stopped", "loaded")) await this.#runner.unload(record, until);
    return running.filter((record) => record.isIn("failed")).map((record) => record.status());
  }

  /**
   * Lays an error that was thrown outside any hook at a plugin's door: it fails, and is taken down after those that
   * depend on it.
   *
   * @returns Whether there is such a plugin.
   */
  reportError(pluginName: string, thrown: unknown): boolean {
    const record = this.#records.get(pluginName);
    if (record === undefined) return false;
    const error = PeekError.is(thrown)
      ? thrown
      : new PeekError("PLUGIN_LATE_ERROR", `it threw outside its hooks: ${messageOf(thrown)}`, {
          cause: toError(thrown),
        });
    if (record.running !== undefined) record.running.interrupt(error);
    else if (record.isIn("loaded", "started")) this.#failWhileRunning(record, error);
    else
      this.#logger.error(
        { code: error.code, err: toError(thrown) },
        "%s, which is %s, threw: %s",
        record.name,
        record.state,
        messageOf(thrown),
      );
    return true;
  }

  #failWhileRunning(record: PluginRecord, error: PeekError): void {
    if (this.#failing.has(record)) return;
    const takeDown = async (): Promise<void> => {
      for (const dependant of this.#dependantsOf(record)) await this.#runner.block(dependant, record);
      if (record.isIn("loaded", "started")) await this.#runner.fail(record, error, undefined);
      this.#failing.delete(record);
    };
    this.#failing.set(record, takeDown());
  }

  /** Those that run and cannot without a plugin, the last first. */
  #dependantsOf(record: PluginRecord): readonly PluginRecord[] {
    const gone = new Set([record]);
    for (const other of this.#order) {
      if (this.#requiredBy(other).some((dependency) => gone.has(dependency))) gone.add(other);
    }
    gone.delete(record);
    return this.#order.toReversed().filter((other) => gone.has(other) && other.isIn("started", "loaded"));
  }

  async #resolveOne(name: string, times: number): Promise<void> {
    const { sources, service } = this.#options;
    const record = new PluginRecord(name);
    this.#records.set(name, record);
    try {
      if (times > 1) throw duplicate(name);
      const resolved = resolvePlugin(name, sources);
      record.resolved = resolved;
      record.moveTo("resolved");
      this.#warnOfOddities(record);
      record.dependencies = pluginDependencies(resolved.manifest, service);
      if (!resolved.manifest.requiresServices.includes(service)) {
        record.skip(undefined);
        this.#logger.debug("%s is skipped: its plugin_package.json does not require %s", name, service);
      }
    } catch (thrown) {
      await this.#runner.fail(record, thrown, undefined);
    }
  }

  async #bind(record: PluginRecord): Promise<void> {
    const { service } = this.#options;
    const { waitsFor, error, warnings } = bindDependencies(record.name, record.dependencies, service, (name) => {
      const target = this.#records.get(name);
      if (target === undefined) return undefined;
      const manifest = target.resolved?.manifest;
      return { state: target.state, version: manifest?.plugin.version, services: manifest?.requiresServices ?? [] };
    });
    record.waitsFor = waitsFor;
    for (const warning of warnings) this.#logger.warning(warning);
    if (error !== undefined) await this.#runner.fail(record, error, undefined);
  }

  #warnOfOddities(record: PluginRecord): void {
    for (const { path, nearest } of record.resolved?.unknownKeys ?? []) {
      const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
      this.#logger.warning("%s: plugin_package.json has a key %s that is not known%s", record.name, path, hint);
    }
    for (const source of record.resolved?.shadowed ?? []) {
      this.#logger.warning("%s is also in %s, which is not used", record.name, source);
    }
  }

  /** Takes plugins in `from` a step further, each once those that it waits for have settled. */
  async #inOrder(
    from: PluginState,
    cancel: AbortSignal | undefined,
    step: (record: PluginRecord) => Promise<void>,
    reached: PluginState,
  ): Promise<void> {
    const settled = new Map<string, Promise<void>>();
    const take = async (record: PluginRecord): Promise<void> => {
      const before = record.waitsFor.flatMap((name) => settled.get(name) ?? []);
      if (before.length > 0) await Promise.all(before);
      if (!record.isIn(from) || isAborted(cancel)) return;
      const missing = (): PluginRecord | undefined =>
        this.#requiredBy(record).find((dependency) => !dependency.isIn(reached));
      const absent = missing();
      if (absent !== undefined) {
        // A stop that came between is no failure: what waits for a plugin that was not begun is not begun either.
        if (!isAborted(cancel)) await this.#runner.block(record, absent);
        return;
      }
      await step(record);
      const gone = record.isIn(reached) ? missing() : undefined;
      if (gone !== undefined && !isAborted(cancel)) await this.#runner.block(record, gone);
    };
    const onCancel = (): void => this.#runner.cancelRunning();
    cancel?.addEventListener("abort", onCancel, { once: true });
    for (const record of this.#order) settled.set(record.name, take(record));
    await Promise.all(settled.values());
    cancel?.removeEventListener("abort", onCancel);
  }

  #requiredBy(record: PluginRecord): readonly PluginRecord[] {
    return record.dependencies.flatMap((dependency) =>
      dependency.optional ? [] : (this.#records.get(dependency.name) ?? []),
    );
  }

  #inState(...states: readonly PluginState[]): readonly PluginRecord[] {
    return [...this.#records.values()].filter((record) => record.isIn(...states));
  }

  async #failByName(name: string, error: PeekError): Promise<void> {
    const record = this.#records.get(name);
    if (record?.state === "resolved") await this.#runner.fail(record, error, undefined);
  }
}

/** A call, since the signal may fire behind any await. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function duplicate(name: string): PeekError {
  return new PeekError("PLUGIN_DUPLICATE", `${name} stands in plugin.enabled more than once. Remove all but one.`, {
    fields: { plugin: name },
  });
}
