import { PeekError, toError, messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { blame } from "./blame.ts";
import { PluginContext } from "./hooks/PluginContext.ts";
import { findReplaced } from "./installed.ts";
import { LateErrors } from "./LateErrors.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import type { PluginFacts } from "./PlatformExtension.ts";
import { otherPluginApi } from "./order/otherPluginApi.ts";
import { PluginPlan } from "./PluginPlan.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import { callOf, facts, PluginRunner } from "./PluginRunner.ts";
import type { PluginState } from "./PluginState.ts";
import type { HookName, PluginStatus } from "./PluginStatus.ts";
import { never, type StopTime, stopTime } from "./StopTime.ts";

/**
 * Runs the enabled plugins of one service: {@link resolve}, {@link load}, {@link start}, and in the end {@link stop}.
 * Whatever goes wrong with a plugin is that plugin's state, and that of those which depend on it.
 */
export class PluginLoader {
  readonly #options: PluginLoaderOptions;
  readonly #logger: Logger;
  readonly #context = new PluginContext();
  readonly #runner: PluginRunner;
  #records: ReadonlyMap<string, PluginRecord> = new Map();
  readonly #lateErrors = new LateErrors();
  /** Those that can run, dependencies first. */
  #order: readonly PluginRecord[] = [];
  /** Plugins that have failed, or are blocked, and are brought to their end while the others run on. */
  readonly #takeDowns = new Map<PluginRecord, Promise<void>>();
  #stopTime: StopTime = never;
  #stopping = false;
  /** Those that did not end as they should since the stop began. */
  readonly #untidy = new Set<PluginRecord>();

  constructor(options: PluginLoaderOptions) {
    this.#options = options;
    this.#logger = options.getLogger("peek_loader.PluginLoader");
    this.#runner = new PluginRunner({
      ...options,
      context: this.#context,
      logger: this.#logger,
      getOtherPluginApi: (consumer, name, optional) =>
        otherPluginApi(consumer, name, optional, options.service, (other) => this.#records.get(other)),
      stopTime: () => this.#stopTime,
      isStopping: () => this.#stopping,
      onFailure: (record, error, hook) => this.#fail(record, error, hook),
    });
  }

  /** The state of every enabled plugin, in the order of plugin.enabled. */
  status(): readonly PluginStatus[] {
    return [...this.#records.values()].map((record) => record.status());
  }

  /** As {@link status}, with what is installed meanwhile: each plugin is looked for once more. */
  statusWithInstalled(): readonly PluginStatus[] {
    const { sources, conditions } = this.#options;
    return [...this.#records.values()].map((record) => {
      const installed = findReplaced(record.name, record.resolved, sources, conditions);
      return { ...record.status(), ...(installed !== undefined && { installed }) };
    });
  }

  /** The plugin whose code is running, if any. */
  currentPlugin(): string | undefined {
    return this.#context.current();
  }

  /** The plugin that an error which nobody caught is laid at the door of, if any. See {@link blame}. */
  pluginOf(error: Error): string | undefined {
    const suspects = [...this.#records.values()].flatMap((record) =>
      record.resolved === undefined ? [] : [{ name: record.name, rootDir: record.rootDir }],
    );
    return blame(error.stack ?? "", this.#context.current(), suspects, (name, on) => this.#dependsOn(name, on));
  }

  /** The plugins that are to be loaded, dependencies first. */
  toLoad(): readonly PluginFacts[] {
    return this.#order.flatMap((record) =>
      record.isIn("resolved") ? [{ name: record.name, rootDir: record.rootDir, manifest: record.manifest }] : [],
    );
  }

  /** Finds every enabled plugin, checks its manifest, and settles their order. No plugin code runs. */
  async resolve(): Promise<void> {
    const plan = new PluginPlan(this.#options, this.#logger, (record, error) => this.#fail(record, error, undefined));
    this.#records = plan.records;
    this.#order = plan.settle();
    for (const record of this.#inState("failed")) this.#blockDependantsOf(record);
  }

  /**
   * Loads what was resolved, each plugin after those it depends on, others side by side. One that fails is taken down
   * beside them, and is not waited for.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to run.
   */
  async load(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("resolved", cancel, (record) => this.#runner.load(record));
  }

  /**
   * Starts what was loaded, each plugin after those it depends on, others side by side. One that fails is taken down
   * beside them, and is not waited for.
   *
   * @param cancel When it fires, no further plugin is begun, and the time for {@link stop} begins to run.
   */
  async start(cancel?: AbortSignal): Promise<void> {
    await this.#inOrder("loaded", cancel, (record) => this.#runner.start(record));
  }

  /**
   * Stops all that were started, then unloads all that were loaded, in the reverse of their order, one at a time;
   * what is left when the time for all is up, side by side. load() and start() must have settled.
   *
   * @returns Those that did not stop or unload as they should.
   */
  async stop(): Promise<readonly PluginStatus[]> {
    this.#beginStop();
    await Promise.all(this.#takeDowns.values());
    await this.#inReverse((record) => this.#runner.halt(record));
    await this.#inReverse((record) => this.#runner.drop(record));
    return this.#order.toReversed().flatMap((record) => (this.#untidy.has(record) ? [record.status()] : []));
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
    // A hook that is running is not cut off: what it does half would not be undone.
    if (record.isIn("migrating", "migrated", "loading", "loaded", "starting", "started"))
      this.#fail(record, error, record.running?.hook);
    else this.#tellOfLateError(record, error);
    return true;
  }

  /** Whether an error that nobody seems to have caught has been dealt with all the same. */
  isHandled(error: Error): boolean {
    return this.#runner.isHandled(error);
  }

  #tellOfLateError(record: PluginRecord, error: PeekError): void {
    if (this.#stopping && record.live !== undefined) this.#untidy.add(record);
    const untold = this.#lateErrors.count(record.name);
    if (untold === undefined) return;
    const more = untold === 0 ? "" : ` (and ${untold} more since the last that was told)`;
    this.#logger.error(facts(error), "%s, which is %s: %s%s", record.name, record.state, error.message, more);
  }

  /** A plugin has failed: its state is that from now on, and those that cannot do without it are blocked. */
  #fail(record: PluginRecord, error: PeekError, hook: HookName | undefined): void {
    record.fail(error, hook);
    const where = hook === undefined ? "" : ` in ${callOf(hook)}`;
    // Waiting for a database when the service is told to stop is nobody's failure.
    const level = this.#stopping && hook === "migrate" ? "info" : "error";
    this.#logger[level](facts(error), "%s failed%s: %s", record.name, where, error.message);
    if (this.#stopping) {
      // It ends in its turn, as all do; one that was interrupted on its way up did nothing wrong.
      if (hook === "stop" || hook === "unload" || hook === undefined) this.#untidy.add(record);
      return;
    }
    this.#blockDependantsOf(record);
    this.#takeDown(record);
  }

  /** Blocks all that cannot do without a plugin. */
  #blockDependantsOf(record: PluginRecord): void {
    const blocked = this.#dependantsOf(record)
      .toReversed()
      .filter((dependant) =>
        dependant.isIn("resolved", "migrating", "migrated", "loading", "loaded", "starting", "started"),
      );
    for (const dependant of blocked) {
      // What it depends on itself comes first in the order, and is blocked by now.
      const by = this.#requiredBy(dependant).find((each) => each.isIn("failed", "blocked", "skipped")) ?? record;
      const error = blockedBy(dependant, by);
      dependant.block(error, by.name);
      this.#logger.error({ code: error.code, ...error.fields }, "%s is blocked: %s", dependant.name, error.message);
    }
    for (const dependant of blocked.toReversed()) this.#takeDown(dependant);
  }

  /** Brings a plugin that goes no further to its end, once those that depend on it have come to theirs. */
  #takeDown(record: PluginRecord): void {
    if (record.live === undefined) return;
    const end = async (): Promise<void> => {
      await Promise.all(this.#dependantsOf(record).flatMap((dependant) => this.#takeDowns.get(dependant) ?? []));
      await this.#endAlone(record, () => this.#runner.halt(record));
      await this.#endAlone(record, () => this.#runner.drop(record));
      this.#takeDowns.delete(record);
    };
    this.#takeDowns.set(record, end());
  }

  /** One half of a plugin's end while others run on. When all have begun to stop meanwhile, it ends in their order. */
  async #endAlone(record: PluginRecord, half: () => Promise<boolean>): Promise<void> {
    if (this.#stopping) return;
    const tidy = await half();
    if (!tidy && this.#stopping) this.#untidy.add(record);
  }

  /** Those that cannot do without a plugin, through others too, the last first. */
  #dependantsOf(record: PluginRecord): readonly PluginRecord[] {
    const without = new Set([record]);
    for (const other of this.#order) {
      if (this.#requiredBy(other).some((dependency) => without.has(dependency))) without.add(other);
    }
    without.delete(record);
    return this.#order.toReversed().filter((other) => without.has(other));
  }

  #dependsOn(name: string, on: string): boolean {
    const target = this.#records.get(on);
    return target !== undefined && this.#dependantsOf(target).some((dependant) => dependant.name === name);
  }

  /** Takes plugins in `from` a step further, each once those that it waits for have settled. */
  async #inOrder(
    from: PluginState,
    cancel: AbortSignal | undefined,
    step: (record: PluginRecord) => Promise<void>,
  ): Promise<void> {
    const onCancel = (): void => this.#beginStop();
    if (cancel?.aborted === true) onCancel();
    cancel?.addEventListener("abort", onCancel, { once: true });
    const settled = new Map<string, Promise<void>>();
    const take = async (record: PluginRecord): Promise<void> => {
      const before = record.waitsFor.flatMap((name) => settled.get(name) ?? []);
      if (before.length > 0) await Promise.all(before);
      if (!record.isIn(from) || this.#stopping || !this.#isReady(record, from)) return;
      // One that has failed or is blocked meanwhile is taken down beside the others, which do not wait for it.
      await Promise.race([step(record), record.ended]);
      if (record.isIn("skipped")) this.#blockDependantsOf(record);
    };
    for (const record of this.#order) settled.set(record.name, take(record));
    await Promise.all(settled.values());
    cancel?.removeEventListener("abort", onCancel);
  }

  /** Whether all that a plugin cannot do without have come past `from`. They have not, when a stop came between. */
  #isReady(record: PluginRecord, from: PluginState): boolean {
    return this.#requiredBy(record).every((dependency) => !dependency.isIn(from));
  }

  #beginStop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#stopTime = stopTime(this.#options.deadlines.shutdownMs);
    this.#runner.cancelRunning();
  }

  async #inReverse(step: (record: PluginRecord) => Promise<boolean>): Promise<void> {
    const end = async (record: PluginRecord): Promise<void> => {
      if (!(await step(record))) this.#untidy.add(record);
    };
    const rest = this.#order.toReversed().filter((record) => record.live !== undefined);
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      await end(next);
      if (this.#stopTime.isUp()) break;
    }
    await Promise.all(rest.map(end));
  }

  #requiredBy(record: PluginRecord): readonly PluginRecord[] {
    return record.dependencies.flatMap((dependency) =>
      dependency.optional ? [] : (this.#records.get(dependency.name) ?? []),
    );
  }

  #inState(...states: readonly PluginState[]): readonly PluginRecord[] {
    return [...this.#records.values()].filter((record) => record.isIn(...states));
  }
}

function blockedBy(dependant: PluginRecord, by: PluginRecord): PeekError {
  const why = by.failure === undefined ? "" : ` (${by.failure.code})`;
  return new PeekError(
    "DEPENDENCY_FAILED",
    `${dependant.name} depends on ${by.name}, which is ${by.state}${why}. Mend ${by.name} first.`,
    { fields: { plugin: dependant.name, blockedBy: by.name } },
  );
}
