import { messageOf, PeekError, toError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { errorFields } from "../errorFields.ts";
import type { HookDeadlines } from "../LoaderOptions.ts";
import type { PluginRecord } from "../PluginRecord.ts";
import type { HookName } from "../PluginStatus.ts";
import type { Shutdown } from "../Shutdown.ts";
import { importError } from "./importError.ts";
import type { PluginContext } from "./PluginContext.ts";
import type { ResourceStack } from "./ResourceStack.ts";
import { type Cancellable, withDeadline } from "./withDeadline.ts";

/** The dependencies of a {@link HookRunner}. */
export interface HookRunnerOptions {
  readonly context: PluginContext;
  readonly deadlines: HookDeadlines;
  readonly shutdown: Shutdown;
  readonly logger: Logger;
}

/** A hook that did not succeed. */
export interface HookFailure {
  readonly hook: HookName;
  readonly error: PeekError;
}

/** How the time of a hook is counted, beside its deadline. */
export interface HookTiming {
  /** The time counts from the moment this resolves. */
  readonly begins: Promise<void>;
  /** Called when the rest of the time is cut short. */
  readonly onCancel: () => void;
}

/** Runs single hooks of plugins, each as code of its plugin and under its deadline, and releases their resources. */
export class HookRunner {
  readonly #options: HookRunnerOptions;
  readonly #running = new Set<Cancellable>();
  readonly #releasing = new Set<ResourceStack>();

  constructor(options: HookRunnerOptions) {
    this.#options = options;
  }

  /** Leaves every hook and every release that is under way no more time than a stop() has. */
  cancelAll(): void {
    const ms = this.#timeLeft("stop");
    for (const running of this.#running) running.cancel(ms);
    for (const stack of this.#releasing) stack.shorten(ms);
  }

  /** Waits for the running hook of a plugin that is to end, as long as its stop() would be waited for. */
  async settle(record: PluginRecord): Promise<void> {
    const { running } = record;
    if (running === undefined) return;
    running.cancel(this.#timeLeft("stop"));
    await Promise.allSettled([running.done]);
  }

  /**
   * Runs a hook on a plugin's way up.
   *
   * @returns Why it did not succeed.
   */
  async run(
    record: PluginRecord,
    hook: "migrate" | "import" | "load" | "start",
    work: () => unknown,
    timing?: HookTiming,
  ): Promise<HookFailure | undefined> {
    const { migrateMs, loadMs, startMs } = this.#options.deadlines;
    const deadlineMs = { migrate: migrateMs, import: loadMs, load: loadMs, start: startMs }[hook];
    return await this.#run(record, hook, deadlineMs, work, timing);
  }

  /**
   * Runs a hook of a plugin's end.
   *
   * @returns Why it did not succeed.
   */
  async runAtEnd(record: PluginRecord, hook: "stop" | "unload", work: () => unknown): Promise<HookFailure | undefined> {
    return await this.#run(record, hook, this.#timeLeft(hook), work);
  }

  /** Releases a plugin's resources, as long as the hook before would be waited for; logs those that it could not release. */
  async release(record: PluginRecord, stack: ResourceStack, hook: "stop" | "unload"): Promise<void> {
    const { context, logger } = this.#options;
    this.#releasing.add(stack);
    const failures = await context.run(record, () => stack.release(this.#timeLeft(hook)));
    this.#releasing.delete(stack);
    for (const failure of failures) logger.warning(errorFields(failure), "%s", failure.message);
  }

  /** Fires the plugin's signal, whose listeners are the plugin's code. */
  abort(record: PluginRecord): void {
    this.#options.context.run(record, () => record.live?.abort.abort());
  }

  #timeLeft(hook: "stop" | "unload"): number {
    const { deadlines, shutdown } = this.#options;
    return shutdown.within(hook === "stop" ? deadlines.stopMs : deadlines.unloadMs);
  }

  async #run(
    record: PluginRecord,
    hook: HookName,
    deadlineMs: number,
    work: () => unknown,
    timing?: HookTiming,
  ): Promise<HookFailure | undefined> {
    const began = performance.now();
    const limited = this.#begin(record, hook, deadlineMs, work, timing);
    const running: Cancellable = {
      done: limited.done,
      cancel: (ms) => {
        timing?.onCancel();
        limited.cancel(ms);
      },
    };
    record.running = { ...running, hook };
    this.#running.add(running);
    if (this.#options.shutdown.hasBegun && hook !== "stop" && hook !== "unload") running.cancel(this.#timeLeft("stop"));
    try {
      await running.done;
      return undefined;
    } catch (thrown) {
      return { hook, error: asPluginError(thrown) };
    } finally {
      record.running = undefined;
      this.#running.delete(running);
      // The import has two parts when the module is imported before the change of the plugin begins.
      record.durations[hook] = rounded((record.durations[hook] ?? 0) + performance.now() - began);
    }
  }

  #begin(
    record: PluginRecord,
    hook: HookName,
    deadlineMs: number,
    work: () => unknown,
    timing: HookTiming | undefined,
  ): Cancellable {
    const { context, deadlines, logger } = this.#options;
    const call = hookTitle(hook);
    return withDeadline(() => context.run(record, work), {
      deadlineMs,
      ...(timing !== undefined && { begins: timing.begins }),
      warnMs: deadlines.warnMs,
      onWarn: () =>
        logger.warning(
          "%s: %s has not settled after %d s, and is abandoned after %d s",
          record.title,
          call,
          deadlines.warnMs / 1000,
          deadlineMs / 1000,
        ),
      onTimeout: () => timedOut(call, deadlineMs),
      cancelMs: deadlines.stopMs,
      onCancelled: () => cancelled(call),
    });
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The name of a hook in messages. */
export function hookTitle(hook: HookName): string {
  if (hook === "migrate") return "its migration";
  return hook === "import" ? "its import" : `${hook}()`;
}

function cancelled(call: string): PeekError {
  return new PeekError("HOOK_CANCELLED", `${call} did not settle in time and was abandoned: the plugin has to stop.`);
}

function timedOut(call: string, deadlineMs: number): PeekError {
  const seconds = Math.round(deadlineMs) / 1000;
  return new PeekError(
    "HOOK_TIMED_OUT",
    `${call} did not settle within ${seconds} s and was abandoned. Look for a promise that is never resolved; if it is only slow, raise plugin.deadlines in config.json.`,
  );
}

/** The error that a plugin threw, with a code. Errors of the platform have one already. */
function asPluginError(thrown: unknown): PeekError {
  if (PeekError.is(thrown)) return thrown;
  return (
    importError(thrown, "importing a file") ??
    new PeekError("HOOK_THREW", messageOf(thrown), { cause: toError(thrown) })
  );
}
