import { ExitCode, messageOf, PeekError, toError } from "@peek/errors";
import type { Logger, PluginCommonEntryHookABC } from "@peek/plugin-base";
import { type EntryHookClass, requireHooks } from "./hooks/checkEntryHookClass.ts";
import { importError } from "./hooks/importError.ts";
import { entryHookFunctionName, loadEntryHookClass } from "./hooks/loadEntryHookClass.ts";
import { ModuleImporter } from "./hooks/ModuleImporter.ts";
import type { PluginContext } from "./hooks/PluginContext.ts";
import { ResourceStack } from "./hooks/ResourceStack.ts";
import { type Cancellable, withDeadline } from "./hooks/withDeadline.ts";
import type { PluginLoaderOptions } from "./LoaderOptions.ts";
import type { PlatformExtension, PluginFacts } from "./PlatformExtension.ts";
import { PluginPlatform } from "./PluginPlatform.ts";
import type { LivePlugin, PluginRecord } from "./PluginRecord.ts";
import type { HookName } from "./PluginStatus.ts";
import type { StopTime } from "./StopTime.ts";

/** What a {@link PluginRunner} works with. */
export interface PluginRunnerOptions extends PluginLoaderOptions {
  readonly context: PluginContext;
  readonly logger: Logger;
  /** Answers a plugin's `platform.getOtherPluginApi()`. */
  readonly getOtherPluginApi: (consumer: PluginRecord, name: string, optional: boolean) => unknown;
  /** By when all plugins are to be stopped, as things are now. */
  readonly stopTime: () => StopTime;
  /** Whether all plugins are being stopped. */
  readonly isStopping: () => boolean;
  /** Makes a plugin fail, with all that follows from it. */
  readonly onFailure: (record: PluginRecord, error: PeekError, hook: HookName) => void;
}

/** What the time of a hook goes by besides its deadline. */
interface HookTiming {
  /** From when on its time counts. */
  readonly begins: Promise<void>;
  /** Called when what is left of its time is cut. */
  readonly onCancel: () => void;
}

/** Takes one plugin at a time through the steps of its life. A plugin's failure is never thrown: it is its state. */
export class PluginRunner {
  readonly #options: PluginRunnerOptions;
  readonly #running = new Set<Cancellable>();
  readonly #releasing = new Set<ResourceStack>();
  readonly #importer = new ModuleImporter();

  constructor(options: PluginRunnerOptions) {
    this.#options = options;
  }

  /** Gives every hook and every release that is under way what is left for a stop(). */
  cancelRunning(): void {
    const ms = this.#left("stop");
    for (const running of this.#running) running.cancel(ms);
    for (const stack of this.#releasing) stack.hurry(ms);
  }

  /** Whether an error has been dealt with already. */
  isHandled(error: object): boolean {
    return this.#importer.isRetried(error);
  }

  /** Migrates, imports, constructs and loads. Ends in `loaded`, `skipped` or `failed`, unless it was blocked meanwhile. */
  async load(record: PluginRecord): Promise<void> {
    const { deadlines, logger } = this.#options;
    const live = newLivePlugin(record.name);
    record.live = live;
    if (!(await this.#migrate(record))) return;
    record.moveTo("loading");
    const imported = await this.#step(record, "import", deadlines.loadMs, () => this.#construct(record));
    if (!imported || !record.isIn("loading") || this.#options.isStopping()) return;
    if (live.instance === undefined) {
      this.#skipWithoutHook(record);
      return;
    }
    // Reached through the record: a variable would keep the instance of a hook that never settles.
    const loaded = await this.#step(record, "load", deadlines.loadMs, async () => {
      await record.live?.instance?.load();
      record.live?.owed.add("unload");
    });
    if (!loaded || !record.isIn("loading")) return;
    record.moveTo("loaded");
    logger.debug("%s loaded in %d ms", record.name, record.durations.load);
  }

  /** Ends in `started` or `failed`, unless it was blocked meanwhile. */
  async start(record: PluginRecord): Promise<void> {
    const { deadlines, logger } = this.#options;
    record.moveTo("starting");
    if (record.live !== undefined) record.live.stack = record.live.startStack;
    const started = await this.#step(record, "start", deadlines.startMs, async () => {
      await record.live?.instance?.start();
      record.live?.owed.add("stop");
    });
    if (!started || !record.isIn("starting")) return;
    record.moveTo("started");
    logger.debug("%s started in %d ms", record.name, record.durations.start);
  }

  /**
   * The first half of the end: stop(), if start() has succeeded, and the release of what was acquired since. A plugin
   * that has failed or is blocked stays so.
   *
   * @returns Whether stop() did what it should.
   */
  async halt(record: PluginRecord): Promise<boolean> {
    const { live } = record;
    if (live === undefined) return true;
    await this.#letSettle(record);
    this.#abort(record);
    if (record.isIn("started")) record.moveTo("stopping");
    const stopped =
      !live.owed.delete("stop") || (await this.#endStep(record, "stop", () => record.live?.instance?.stop()));
    if (record.isIn("stopping")) record.moveTo("stopped");
    await this.#release(record, live.startStack, "stop");
    return stopped;
  }

  /**
   * The second half of the end: unload(), if load() has succeeded, and the release of all the rest. Nothing of the
   * plugin is left in memory.
   *
   * @returns Whether unload() did what it should.
   */
  async drop(record: PluginRecord): Promise<boolean> {
    const { live } = record;
    if (live === undefined) return true;
    live.stack = live.loadStack;
    // Those before `loaded`: a stop came in between.
    if (record.isIn("migrating", "migrated", "loading", "loaded", "stopped")) record.moveTo("unloading");
    const unloaded =
      !live.owed.delete("unload") || (await this.#endStep(record, "unload", () => record.live?.instance?.unload()));
    if (record.isIn("unloading")) record.moveTo("unloaded");
    await this.#release(record, live.loadStack, "unload");
    record.live = undefined;
    return unloaded;
  }

  /** Has every extension make ready what the plugin is going to find. Returns whether the plugin can be loaded. */
  async #migrate(record: PluginRecord): Promise<boolean> {
    const { deadlines, logger } = this.#options;
    const facts = factsOf(record);
    const extensions = this.#extensionsOf(record).filter((extension) => extension.migrate !== undefined);
    if (extensions.length === 0) return true;
    record.moveTo("migrating");
    const givenUp = new AbortController();
    const { promise: begins, resolve: begin } = Promise.withResolvers<void>();
    const migrate = async (): Promise<void> => {
      try {
        for (const extension of extensions) await extension.migrate?.(facts, givenUp.signal, begin);
      } catch (error) {
        if (!givenUp.signal.aborted) throw error;
        throw new PeekError("HOOK_CANCELLED", "its migration was given up, since the plugin is to stop.");
      }
    };
    // What it does half is undone by the database, so that a stop need not wait for it.
    const onCancel = (): void => givenUp.abort();
    const migrated = await this.#step(record, "migrate", deadlines.migrateMs, migrate, { begins, onCancel });
    givenUp.abort();
    if (!migrated || !record.isIn("migrating") || this.#options.isStopping()) return false;
    record.moveTo("migrated");
    logger.debug("%s migrated in %d ms", record.name, record.durations.migrate);
    return true;
  }

  #extensionsOf(record: PluginRecord): readonly PlatformExtension[] {
    const facts = factsOf(record);
    return (this.#options.extensions ?? []).filter((extension) => extension.concerns(facts));
  }

  /** A step forward. A failure is the plugin's, unless it has failed or is blocked already. */
  async #step(
    record: PluginRecord,
    hook: HookName,
    deadlineMs: number,
    work: () => unknown,
    timing?: HookTiming,
  ): Promise<boolean> {
    try {
      await this.#runHook(record, hook, deadlineMs, work, timing);
      return true;
    } catch (thrown) {
      if (record.isIn("migrating", "loading", "starting")) this.#options.onFailure(record, asPluginError(thrown), hook);
      return false;
    }
  }

  /** A step of the end. */
  async #endStep(record: PluginRecord, hook: "stop" | "unload", work: () => unknown): Promise<boolean> {
    try {
      await this.#runHook(record, hook, this.#left(hook), work);
      return true;
    } catch (thrown) {
      const error = asPluginError(thrown);
      if (record.isIn("stopping", "unloading")) this.#options.onFailure(record, error, hook);
      else
        this.#options.logger.warning(facts(error), "%s: %s failed too: %s", record.name, callOf(hook), error.message);
      return false;
    }
  }

  /** A hook that is running when its plugin is to end has the time of a stop() to settle. */
  async #letSettle(record: PluginRecord): Promise<void> {
    const { running } = record;
    if (running === undefined) return;
    running.cancel(this.#left("stop"));
    await Promise.allSettled([running.done]);
  }

  #left(hook: "stop" | "unload"): number {
    const { deadlines, stopTime } = this.#options;
    return stopTime().within(hook === "stop" ? deadlines.stopMs : deadlines.unloadMs);
  }

  async #construct(record: PluginRecord): Promise<void> {
    const { service, conditions } = this.#options;
    const entryHookClass = await loadEntryHookClass(record.rootDir, service, conditions, this.#importer);
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
      disposables: () => live.stack,
      getOtherPluginApi: (name, optional) => getOtherPluginApi(record, name, optional),
    });
    for (const extension of this.#extensionsOf(record)) {
      Object.assign(
        platform,
        extension.properties(factsOf(record), () => live.stack),
      );
    }
    return requireHooks(construct(entryHookClass, record, platform), entryHookFunctionName(service), entryHookClass);
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
    timing?: HookTiming,
  ): Promise<void> {
    const { context, deadlines, logger } = this.#options;
    const began = performance.now();
    const call = callOf(hook);
    const limited = withDeadline(() => context.run(record.name, work), {
      deadlineMs,
      ...(timing !== undefined && { begins: timing.begins }),
      warnMs: deadlines.warnMs,
      onWarn: () =>
        logger.warning(
          "%s: %s has not settled after %d s, and is given up on after %d s",
          record.name,
          call,
          deadlines.warnMs / 1000,
          deadlineMs / 1000,
        ),
      onTimeout: () => timedOut(call, deadlineMs),
      cancelMs: deadlines.stopMs,
      onCancelled: () => cancelled(call),
    });
    const running: Cancellable = {
      done: limited.done,
      cancel: (ms) => {
        timing?.onCancel();
        limited.cancel(ms);
      },
    };
    record.running = { ...running, hook };
    this.#running.add(running);
    if (this.#options.isStopping() && hook !== "stop" && hook !== "unload") running.cancel(this.#left("stop"));
    try {
      await running.done;
    } finally {
      record.running = undefined;
      this.#running.delete(running);
      record.durations[hook] = Math.round((performance.now() - began) * 1000) / 1000;
    }
  }

  async #release(record: PluginRecord, stack: ResourceStack, hook: "stop" | "unload"): Promise<void> {
    this.#releasing.add(stack);
    const failures = await this.#options.context.run(record.name, () => stack.release(this.#left(hook)));
    this.#releasing.delete(stack);
    for (const failure of failures) this.#options.logger.warning(facts(failure), failure.message);
  }

  #abort(record: PluginRecord): void {
    // Listeners are the plugin's code.
    this.#options.context.run(record.name, () => record.live?.abort.abort());
  }
}

/** The hook as it stands in messages. */
export function callOf(hook: HookName): string {
  if (hook === "migrate") return "its migration";
  return hook === "import" ? "its import" : `${hook}()`;
}

function factsOf({ name, rootDir, manifest }: PluginRecord): PluginFacts {
  return { name, rootDir, manifest };
}

/** The stack belongs to the log where code threw; where a person made a mistake, the message says it all. */
export function facts(error: PeekError): Readonly<Record<string, unknown>> {
  const { cause, code, fields } = error;
  const isFault = error.exitCode === ExitCode.internal && cause instanceof Error && !PeekError.is(cause);
  return isFault ? { code, ...fields, err: cause } : { code, ...fields };
}

function construct(entryHookClass: EntryHookClass, record: PluginRecord, platform: object): PluginCommonEntryHookABC {
  try {
    return new entryHookClass(record.name, record.rootDir, platform);
  } catch (cause) {
    throw new PeekError("HOOK_THREW", `the constructor of ${entryHookClass.name} threw: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function newLivePlugin(name: string): LivePlugin {
  const loadStack = new ResourceStack(name);
  return {
    instance: undefined,
    abort: new AbortController(),
    loadStack,
    startStack: new ResourceStack(name),
    stack: loadStack,
    owed: new Set(),
  };
}

function cancelled(call: string): PeekError {
  return new PeekError(
    "HOOK_CANCELLED",
    `${call} did not settle in time and was given up on, since the plugin is to stop.`,
  );
}

function timedOut(call: string, deadlineMs: number): PeekError {
  const seconds = Math.round(deadlineMs) / 1000;
  return new PeekError(
    "HOOK_TIMED_OUT",
    `${call} did not settle within ${seconds} s and was given up on. Look for a promise that is never resolved; if it is only slow, raise plugin.deadlines in config.json.`,
  );
}

/** What a plugin threw, with a code. The platform's own errors have one already. */
function asPluginError(thrown: unknown): PeekError {
  if (PeekError.is(thrown)) return thrown;
  return (
    importError(thrown, "importing a file") ??
    new PeekError("HOOK_THREW", messageOf(thrown), { cause: toError(thrown) })
  );
}
