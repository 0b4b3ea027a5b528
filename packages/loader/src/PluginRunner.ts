import { ExitCode, messageOf, PeekError, toError } from "@peek/errors";
import type { Logger, PluginCommonEntryHookABC } from "@peek/plugin-base";
import type { EntryHookClass } from "./hooks/checkEntryHookClass.ts";
import { entryHookFunctionName, loadEntryHookClass } from "./hooks/loadEntryHookClass.ts";
import { Limit } from "./hooks/Limit.ts";
import type { PluginContext } from "./hooks/PluginContext.ts";
import { ResourceStack } from "./hooks/ResourceStack.ts";
import { type Interruptible, withDeadline } from "./hooks/withDeadline.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import { PluginPlatform } from "./PluginPlatform.ts";
import type { LivePlugin, PluginRecord } from "./PluginRecord.ts";
import type { PluginState } from "./PluginState.ts";
import type { HookName } from "./PluginStatus.ts";
import { never, type StopTime } from "./StopTime.ts";

/**
 * So many plugins are imported side by side: more would gain nothing, and hundreds that are half done keep the garbage
 * collector busy.
 */
const importsAtOnce = 32;

/** What a {@link PluginRunner} works with. */
export interface PluginRunnerOptions extends PluginLoaderOptions {
  readonly context: PluginContext;
  readonly logger: Logger;
  /** Answers a plugin's `platform.getOtherPluginApi()`. */
  readonly getOtherPluginApi: (consumer: PluginRecord, name: string, optional: boolean) => unknown;
}

/** Takes one plugin at a time through the steps of its life. A plugin's failure is never thrown: it is its state. */
export class PluginRunner {
  readonly #options: PluginRunnerOptions;
  readonly #running = new Set<Interruptible>();
  readonly #imports = new Limit(importsAtOnce);

  constructor(options: PluginRunnerOptions) {
    this.#options = options;
  }

  /** Gives every hook that is running `deadlines.stopMs` from now. */
  cancelRunning(): void {
    for (const running of this.#running) running.cancel();
  }

  /**
   * Imports, constructs and loads. Ends in `loaded`, `skipped` or `failed`; stays `resolved` when `cancel` has fired
   * before its turn came.
   */
  async load(record: PluginRecord, cancel: AbortSignal | undefined): Promise<void> {
    await this.#imports.run(async (leave) => {
      if (cancel?.aborted !== true) await this.#importAndLoad(record, cancel, leave);
    });
  }

  async #importAndLoad(record: PluginRecord, cancel: AbortSignal | undefined, onImported: () => void): Promise<void> {
    const { deadlines, logger } = this.#options;
    record.moveTo("loading");
    record.live = newLivePlugin(record.name);
    let hook: HookName = "import";
    try {
      await this.#runHook(record, "import", deadlines.loadMs, () => this.#construct(record), cancel);
      onImported();
      if (record.live.instance === undefined) {
        this.#skipWithoutHook(record);
        return;
      }
      hook = "load";
      // Reached through the record each time: a variable would keep the instance of a hook that never settles.
      await this.#runHook(record, "load", deadlines.loadMs, () => record.live?.instance?.load(), cancel);
      record.moveTo("loaded");
      logger.debug("%s loaded in %d ms", record.name, record.durations.load);
    } catch (thrown) {
      await this.fail(record, thrown, hook);
    }
  }

  /** Ends in `started` or `failed`. */
  async start(record: PluginRecord, cancel: AbortSignal | undefined): Promise<void> {
    const { deadlines, logger } = this.#options;
    record.moveTo("starting");
    try {
      await this.#runHook(record, "start", deadlines.startMs, () => record.live?.instance?.start(), cancel);
      record.moveTo("started");
      logger.debug("%s started in %d ms", record.name, record.durations.start);
    } catch (thrown) {
      await this.fail(record, thrown, "start");
    }
  }

  /** Ends in `stopped` or `failed`. */
  async stop(record: PluginRecord, until: StopTime = never): Promise<void> {
    const budgetMs = until.within(this.#options.deadlines.stopMs);
    record.moveTo("stopping");
    this.#abort(record);
    try {
      await this.#runHook(record, "stop", budgetMs, () => record.live?.instance?.stop());
      record.moveTo("stopped");
      await this.#release(record, record.live?.startStack, budgetMs);
    } catch (thrown) {
      await this.fail(record, thrown, "stop", until);
    }
  }

  /** Ends in `unloaded` or `failed`; either way nothing of the plugin is left. */
  async unload(record: PluginRecord, until: StopTime = never): Promise<void> {
    const budgetMs = until.within(this.#options.deadlines.unloadMs);
    record.moveTo("unloading");
    this.#abort(record);
    try {
      await this.#runHook(record, "unload", budgetMs, () => record.live?.instance?.unload());
      record.moveTo("unloaded");
      await this.#release(record, record.live?.loadStack, budgetMs);
      record.live = undefined;
    } catch (thrown) {
      await this.fail(record, thrown, "unload", until);
    }
  }

  /** Ends in `failed`, with all that the plugin had acquired released. */
  async fail(
    record: PluginRecord,
    thrown: unknown,
    hook: HookName | undefined,
    until: StopTime = never,
  ): Promise<void> {
    const error = asPluginError(thrown, hook);
    const from = record.state;
    record.fail(error, hook);
    this.#logFailure(record, error, hook);
    await this.#tearDown(record, from, until);
  }

  /** Ends in `blocked`: a plugin that it depends on does not run. */
  async block(record: PluginRecord, by: PluginRecord): Promise<void> {
    const { logger } = this.#options;
    const error = new PeekError(
      "DEPENDENCY_FAILED",
      `${record.name} depends on ${by.name}, which is ${by.state}${by.error === undefined ? "" : ` (${by.error.code})`}. Mend ${by.name} first.`,
      { fields: { plugin: record.name, blockedBy: by.name } },
    );
    logger.error("%s is blocked: %s", record.name, error.message);
    if (record.isIn("started")) {
      await this.stop(record);
      if (record.isIn("stopped")) await this.unload(record);
      if (record.isIn("unloaded")) record.block(error, by.name);
      return;
    }
    const from = record.state;
    record.block(error, by.name);
    await this.#tearDown(record, from, never);
  }

  async #construct(record: PluginRecord): Promise<void> {
    const { service, conditions } = this.#options;
    const entryHookClass = await loadEntryHookClass(record.rootDir, service, conditions);
    const { live } = record;
    if (entryHookClass === undefined || live === undefined) return;
    live.instance = this.#newInstance(entryHookClass, record, live);
  }

  #newInstance(entryHookClass: EntryHookClass, record: PluginRecord, live: LivePlugin): PluginCommonEntryHookABC {
    const { service, serviceVersion, dataPath, getLogger, getOtherPluginApi } = this.#options;
    const platform = new PluginPlatform({
      serviceName: service,
      serviceVersion,
      pluginName: record.name,
      rootDir: record.rootDir,
      packageConfig: record.manifest,
      dataPath,
      signal: live.abort.signal,
      getLogger,
      disposables: () => (isBeforeStart(record.state) ? live.loadStack : live.startStack),
      getOtherPluginApi: (name, optional) => getOtherPluginApi(record, name, optional),
    });
    try {
      return new entryHookClass(record.name, record.rootDir, platform);
    } catch (cause) {
      throw new PeekError("HOOK_THREW", `the constructor of ${entryHookClass.name} threw: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  #skipWithoutHook(record: PluginRecord): void {
    const { service, logger } = this.#options;
    const error = new PeekError(
      "ENTRY_HOOK_MISSING",
      `${record.name} requires ${service} in its plugin_package.json, but its package exports no function ${entryHookFunctionName(service)}(). Export it from the package's entry, or take ${service} out of requiresServices.`,
      { fields: { plugin: record.name } },
    );
    record.skip(error);
    record.live = undefined;
    logger.warning("%s is skipped: %s", record.name, error.message);
  }

  async #runHook(
    record: PluginRecord,
    hook: HookName,
    deadlineMs: number,
    work: () => unknown,
    cancel?: AbortSignal,
  ): Promise<void> {
    const { context, deadlines, logger } = this.#options;
    const began = performance.now();
    const call = callOf(hook);
    const running = withDeadline(() => context.run(record.name, work), {
      deadlineMs,
      warnMs: deadlines.warnMs,
      onWarn: () =>
        logger.warning(
          "%s: %s has not settled after %d s, and is given up on after %d s",
          record.name,
          call,
          deadlines.warnMs / 1000,
          deadlineMs / 1000,
        ),
      onTimeout: () =>
        new PeekError(
          "HOOK_TIMED_OUT",
          `${call} did not settle within ${deadlineMs / 1000} s and was given up on. Look for a promise that is never resolved; if it is only slow, raise plugin.deadlines in config.json.`,
        ),
      cancelMs: deadlines.stopMs,
      onCancelled: () =>
        new PeekError(
          "HOOK_CANCELLED",
          `${call} was given up on, since the service is to stop and it did not settle within ${deadlines.stopMs / 1000} s.`,
        ),
    });
    record.running = running;
    this.#running.add(running);
    if (cancel?.aborted === true) running.cancel();
    try {
      await running.done;
    } finally {
      record.running = undefined;
      this.#running.delete(running);
      record.durations[hook] = Math.round((performance.now() - began) * 1000) / 1000;
    }
  }

  /** Brings a plugin that goes no further from where it was to nothing, as far as that can be done. */
  async #tearDown(record: PluginRecord, from: PluginState, until: StopTime): Promise<void> {
    const { stopMs, unloadMs } = this.#options.deadlines;
    const { live } = record;
    if (live === undefined) return;
    this.#abort(record);
    if (from === "started") await this.#tryHook(record, "stop", until.within(stopMs), () => live.instance?.stop());
    await this.#release(record, live.startStack, until.within(stopMs));
    if (from !== "loading" && from !== "unloading") {
      await this.#tryHook(record, "unload", until.within(unloadMs), () => live.instance?.unload());
    }
    await this.#release(record, live.loadStack, until.within(unloadMs));
    record.live = undefined;
  }

  async #tryHook(record: PluginRecord, hook: HookName, budgetMs: number, work: () => unknown): Promise<void> {
    try {
      await this.#runHook(record, hook, budgetMs, work);
    } catch (thrown) {
      const error = asPluginError(thrown, hook);
      this.#options.logger.warning(facts(error), "%s: %s failed too: %s", record.name, callOf(hook), error.message);
    }
  }

  async #release(record: PluginRecord, stack: ResourceStack | undefined, budgetMs: number): Promise<void> {
    if (stack === undefined) return;
    const failures = await this.#options.context.run(record.name, () => stack.release(budgetMs));
    for (const failure of failures) this.#options.logger.warning(facts(failure), failure.message);
  }

  #abort(record: PluginRecord): void {
    // Listeners are the plugin's code.
    this.#options.context.run(record.name, () => record.live?.abort.abort());
  }

  #logFailure(record: PluginRecord, error: PeekError, hook: HookName | undefined): void {
    const where = hook === undefined ? "" : ` in ${callOf(hook)}`;
    this.#options.logger.error(facts(error), "%s failed%s: %s", record.name, where, error.message);
  }
}

function newLivePlugin(name: string): LivePlugin {
  return {
    instance: undefined,
    abort: new AbortController(),
    loadStack: new ResourceStack(name),
    startStack: new ResourceStack(name),
  };
}

function isBeforeStart(state: PluginState): boolean {
  return state === "loading" || state === "loaded";
}

function callOf(hook: HookName): string {
  return hook === "import" ? "its import" : `${hook}()`;
}

/** What a plugin threw, with a code. The platform's own errors have one already. */
function asPluginError(thrown: unknown, hook: HookName | undefined): PeekError {
  if (PeekError.is(thrown)) return thrown;
  const code = hook === undefined ? "PLUGIN_LATE_ERROR" : "HOOK_THREW";
  return new PeekError(code, messageOf(thrown), { cause: toError(thrown) });
}

/** The stack belongs to the log where code threw; where a person made a mistake, the message says it all. */
function facts(error: PeekError): Readonly<Record<string, unknown>> {
  const { cause, code, fields } = error;
  const isFault = error.exitCode === ExitCode.internal && cause instanceof Error && !PeekError.is(cause);
  return isFault ? { code, ...fields, err: cause } : { code, ...fields };
}
