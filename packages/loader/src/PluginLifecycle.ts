import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { errorFields } from "./errorFields.ts";
import { type HookFailure, type HookRunner, hookTitle } from "./hooks/HookRunner.ts";
import { inDependencyOrder } from "./order/inDependencyOrder.ts";
import type { PluginRecord } from "./PluginRecord.ts";
import type { PluginRegistry } from "./PluginRegistry.ts";
import type { PluginRunner } from "./PluginRunner.ts";
import type { HookName, PluginStatus } from "./PluginStatus.ts";
import type { Shutdown } from "./Shutdown.ts";

/** The dependencies of a {@link PluginLifecycle}. */
export interface PluginLifecycleOptions {
  readonly registry: PluginRegistry;
  readonly runner: PluginRunner;
  readonly hooks: HookRunner;
  readonly shutdown: Shutdown;
  readonly logger: Logger;
}

/** The two steps in which plugins are taken up: the state before each. */
export type UpwardState = "resolved" | "loaded";

/**
 * Takes plugins up in the order of their dependencies, and down in reverse; decides what follows from a failure: the plugins that
 * require the failed one are blocked, and all of these are ended while the others run on.
 */
export class PluginLifecycle {
  readonly #options: PluginLifecycleOptions;
  /** Plugins that have failed, or are blocked, and are stopped and unloaded while the others run on. */
  readonly #teardowns = new Map<PluginRecord, Promise<void>>();
  /** Plugins that failed to stop or unload since the shutdown began. */
  readonly #failedToStop = new Set<PluginRecord>();
  #beforeTeardown: ((record: PluginRecord) => Promise<void> | undefined) | undefined;

  constructor(options: PluginLifecycleOptions) {
    this.#options = options;
  }

  /**
   * Loads or starts the plugins that are in `from`, each after its dependencies, otherwise in parallel. A plugin that fails is
   * ended while the others go on, which do not wait for it.
   *
   * @param records Dependencies first.
   */
  async takeUp(records: readonly PluginRecord[], from: UpwardState): Promise<void> {
    const { runner, shutdown } = this.#options;
    await inDependencyOrder(records, async (record) => {
      if (!record.isIn(from) || shutdown.hasBegun || !this.#isReady(record, from)) return;
      const step = from === "resolved" ? runner.load(record) : runner.start(record);
      // The others do not wait for a plugin that has failed or is blocked meanwhile.
      await Promise.race([this.#finish(record, step), record.failedOrBlocked]);
      if (record.isIn("skipped")) this.blockDependantsOf(record);
    });
  }

  /**
   * Stops the plugins, then unloads them, in reverse order, one at a time; the rest in parallel when the time for a shutdown is
   * used up. Plugins that have failed or are blocked have ended by then.
   *
   * @param records Dependencies first.
   */
  async takeDown(records: readonly PluginRecord[]): Promise<void> {
    await Promise.all(records.flatMap((record) => this.#teardowns.get(record) ?? []));
    await this.#inReverse(records, (record) => this.#stopOne(record));
    await this.#inReverse(records, (record) => this.#unloadOne(record));
  }

  /** Waits until the plugins that have failed or are blocked have ended. */
  async teardowns(): Promise<void> {
    while (this.#teardowns.size > 0) await Promise.all(this.#teardowns.values());
  }

  /**
   * Has something awaited before a plugin is ended that has failed or is blocked.
   *
   * @param action undefined for a plugin that is ended at once.
   * @returns Ends it.
   */
  beforeTeardown(action: (record: PluginRecord) => Promise<void> | undefined): Disposable {
    this.#beforeTeardown = action;
    return { [Symbol.dispose]: () => (this.#beforeTeardown = undefined) };
  }

  /** Moves a plugin to `failed`, and blocks the plugins that require it. */
  fail(record: PluginRecord, error: PeekError, hook: HookName | undefined): void {
    const { logger, shutdown } = this.#options;
    record.fail(error, hook);
    const where = hook === undefined ? "" : ` in ${hookTitle(hook)}`;
    const isStopping = shutdown.hasBegun;
    // A plugin that waits for a database when the service begins to stop did nothing wrong.
    const level = isStopping && hook === "migrate" ? "info" : "error";
    logger[level](errorFields(error), "%s failed%s: %s", record.title, where, error.message);
    if (isStopping) {
      // It is stopped in its place in the order. A plugin that was interrupted on its way up did nothing wrong.
      if (hook === "stop" || hook === "unload" || hook === undefined) this.noteTrouble(record);
      return;
    }
    if (record.isReplaced) return;
    this.blockDependantsOf(record);
    this.#tearDown(record);
  }

  /** Blocks the plugins that require a plugin, also through others, and ends them. */
  blockDependantsOf(record: PluginRecord): void {
    const { logger, registry } = this.#options;
    const blocked = registry
      .dependantsOf(record)
      .toReversed()
      .filter((dependant) =>
        dependant.isIn("resolved", "migrating", "migrated", "loading", "loaded", "starting", "started"),
      );
    for (const dependant of blocked) {
      // Its direct dependency comes earlier in the order, and is blocked by now.
      const required = registry.requiredBy(dependant);
      const by = required.find((each) => each.isIn("failed", "blocked", "skipped")) ?? record;
      const error = blockedBy(dependant, by);
      dependant.block(error, by.name);
      logger.error({ code: error.code, ...error.fields }, "%s is blocked: %s", dependant.title, error.message);
    }
    for (const dependant of blocked.toReversed()) this.#tearDown(dependant);
  }

  /** During a shutdown, registers a plugin that did not stop without an error. */
  noteTrouble(record: PluginRecord): void {
    if (this.#options.shutdown.hasBegun) this.#failedToStop.add(record);
  }

  /** The plugins that failed to stop or unload since the shutdown began; the last in the order comes first. */
  get failedToStop(): readonly PluginStatus[] {
    const reverse = this.#options.registry.order.toReversed();
    return reverse.flatMap((record) => (this.#failedToStop.has(record) ? [record.status()] : []));
  }

  /** Stops and unloads a failed or blocked plugin, once the plugins that depend on it have ended. */
  #tearDown(record: PluginRecord): void {
    if (record.live === undefined) return;
    const end = async (): Promise<void> => {
      const dependants = this.#options.registry.dependantsOf(record);
      await Promise.all(dependants.flatMap((dependant) => this.#teardowns.get(dependant) ?? []));
      await this.#beforeTeardown?.(record);
      await this.#endAlone(record, () => this.#stopOne(record));
      await this.#endAlone(record, () => this.#unloadOne(record));
      this.#teardowns.delete(record);
    };
    this.#teardowns.set(record, end());
  }

  /** One half of a plugin's end while others run on. In a shutdown, it ends in its place in the order instead. */
  async #endAlone(record: PluginRecord, half: () => Promise<boolean>): Promise<void> {
    if (this.#options.shutdown.hasBegun) return;
    if (!(await half())) this.noteTrouble(record);
  }

  /** @returns Whether stop() succeeded, or was not needed. */
  async #stopOne(record: PluginRecord): Promise<boolean> {
    if (record.live === undefined) return true;
    const failure = await this.#options.runner.stop(record);
    if (failure !== undefined) this.#failAtEnd(record, failure);
    await this.#options.runner.releaseStarted(record);
    return failure === undefined;
  }

  /** @returns Whether unload() succeeded, or was not needed. */
  async #unloadOne(record: PluginRecord): Promise<boolean> {
    if (record.live === undefined) return true;
    const failure = await this.#options.runner.unload(record);
    if (failure !== undefined) this.#failAtEnd(record, failure);
    await this.#options.runner.releaseAll(record);
    return failure === undefined;
  }

  #failAtEnd(record: PluginRecord, { error, hook }: HookFailure): void {
    if (record.isIn("stopping", "unloading")) {
      this.fail(record, error, hook);
      return;
    }
    const { logger } = this.#options;
    logger.warning(errorFields(error), "%s: %s failed too: %s", record.title, hookTitle(hook), error.message);
  }

  async #finish(record: PluginRecord, step: Promise<HookFailure | undefined>): Promise<void> {
    const failure = await step;
    // It may have failed, or have been blocked, for another reason before.
    if (failure === undefined || !record.isIn("migrating", "loading", "starting")) return;
    this.fail(record, failure.error, failure.hook);
  }

  /** Whether all plugins that a plugin requires have passed `from`. They have not, when a shutdown came in between. */
  #isReady(record: PluginRecord, from: UpwardState): boolean {
    return this.#options.registry.requiredBy(record).every((dependency) => !dependency.isIn(from));
  }

  async #inReverse(records: readonly PluginRecord[], step: (record: PluginRecord) => Promise<boolean>): Promise<void> {
    const end = async (record: PluginRecord): Promise<void> => {
      if (!(await step(record))) this.noteTrouble(record);
    };
    const rest = records.toReversed().filter((record) => record.live !== undefined);
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      await end(next);
      if (this.#options.shutdown.isOverdue()) break;
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
