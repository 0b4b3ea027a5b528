import { cutText, PeekError } from "@peek/errors";
import type {
  Logger,
  PeekUser,
  PeerIdentity,
  PluginActions,
  PluginDisposables,
  PluginRpc,
  ServiceName,
} from "@peek/plugin-base";
import { decode } from "@peek/plugin-base/contracts";
import type { ActionLedger, SessionCheck } from "@peek/plugin-base/internal";
import { z } from "zod";
import {
  type CaptureContext,
  captureContext,
  LogThrottle,
  PluginScopes,
  PluginSuspensions,
  Semaphore,
  settledOrAborted,
} from "@peek/kit";
import type { Position } from "@peek/live-protocol";
import { RateLimiter } from "../../limits/RateLimiter.ts";
import type { Rate } from "../../limits/TokenBucket.ts";
import { type ActionEnvelope, type ActionOutcome, ActionsRpc, type PassedAction } from "../../rpc/ActionsRpc.ts";
import { pluginOf } from "../../channel/pluginUpdating.ts";
import { actionUpdating, maxUpdateWaitMs } from "../../rpc/actionUpdating.ts";
import type { ActionExecutor, Execution } from "./ActionExecutor.ts";
import { LaneQueue } from "./LaneQueue.ts";
import { ScopedActions } from "./ScopedActions.ts";

/** The channels that devices watch, each named by its canonical selector and its scope. */
export interface ActionChannels {
  /**
   * Loads a channel again.
   *
   * @returns The position at which it shows everything that is committed now; null when nobody watches it.
   */
  demand(selector: string, scope: string): Position | null;
  /** Delays the next load of a channel until the result is disposed, for a moment at most; undefined when nobody watches it. */
  hold(selector: string, scope: string): Disposable | undefined;
}

/** Options of an {@link ActionServer}. */
export interface ActionServerOptions {
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** Finds the user of a session. */
  readonly sessions: SessionCheck;
  /** To find the positions of the effects of an action. */
  readonly channels: ActionChannels;
  /** Ties code to the plugin that it belongs to. Default: by the async context. */
  readonly capture?: CaptureContext;
  /**
   * The rate limit of one user. All users that are not logged in share another one, of ten times the rate. Default: 100 per second,
   * 2,000 at once.
   */
  readonly rate?: Rate;
}

/** The ledger of a plugin; undefined where it does not require storage. */
export type PluginLedger = ActionLedger | undefined;

/** How many calls run or wait: beyond that, devices try again. */
const concurrency = 4000;
const queueLimit = 20_000;
/** How many actions of one plugin are executed at a time: each has a connection of the plugin's pool, which has few. */
const concurrencyPerPlugin = 4;
/** How many actions of one plugin wait: a slow plugin does not delay others. */
const maxWaitingPerPlugin = 500;
/** The delay before a device sends an action again. */
const laterMs = 1000;
/** The delay if no plugin handles the action, or its session has ended. */
const unknownMs = 5000;
/** The delay if the action does not fit: a page that is updated sends it at once. */
const unfitMs = 60_000;
/** The delay if the ledger has no room for the action: it may take a day. */
const fullMs = 60_000;
const defaultRate: Rate = { perSecond: 100, burst: 2000 };
/** How many times the rate of one user all users have together that are not logged in. */
const anonymousFactor = 10;

const busy = "Logic has too many actions to execute. The action is tried again.";

const tooFast = "The user has exceeded the rate limit of actions. The action is tried again.";
const tooMuch = "The user or the device has reached the limit of lanes in the ledger. The action is tried again.";

const outdatedPage =
  "The action is of another version, which the service cannot read. The device keeps it: load the page again.";

const rejectionSchema = z.object({ code: z.string(), message: z.string() });

/** Executes the actions that gateways send. One for each logic process. */
export class ActionServer implements AsyncDisposable {
  readonly #options: ActionServerOptions;
  readonly #lanes = new LaneQueue();
  /** By plugin. */
  readonly #semaphores = new Map<string, Semaphore>();
  /** By the name of the action. */
  readonly #executors = new Map<string, ActionExecutor>();
  readonly #suspensions = new PluginSuspensions();
  /** How many actions wait for each suspended plugin. */
  readonly #waiting = new Map<string, number>();
  readonly #logThrottle = new LogThrottle();
  readonly #userLimiter: RateLimiter;
  readonly #anonymousLimiter: RateLimiter;
  readonly #owned = new AsyncDisposableStack();

  constructor(options: ActionServerOptions) {
    this.#options = options;
    const { perSecond, burst } = options.rate ?? defaultRate;
    this.#userLimiter = new RateLimiter({ perSecond, burst });
    this.#anonymousLimiter = new RateLimiter({
      perSecond: perSecond * anonymousFactor,
      burst: burst * anonymousFactor,
    });
  }

  /**
   * Accepts actions from gateways. Best called when the plugins have started, so that no device learns that an action is
   * unknown shortly before a plugin handles it.
   */
  serve(): void {
    this.#owned.use(
      this.#options.rpc.serve(
        ActionsRpc,
        { run: (passed, { from, signal }) => this.#run(passed, from, signal) },
        { acceptOnlyFrom: ["field", "office"], concurrency, queueLimit },
      ),
    );
  }

  /** How many actions are executed or wait. */
  get size(): number {
    return this.#lanes.size;
  }

  /**
   * `platform.actions` of a plugin.
   *
   * @param disposables The stack of its present phase. Its handlers end with the phase in which they began.
   * @param logger Receives the errors of its handlers.
   * @param services The services that it has a part for.
   */
  forPlugin(
    plugin: string,
    disposables: () => PluginDisposables,
    logger: Logger,
    ledger: PluginLedger,
    services: readonly ServiceName[],
  ): PluginActions<Record<string, never>> {
    return new ScopedActions({
      plugin,
      scopes: new PluginScopes(plugin, disposables, () => undefined),
      logger,
      ledger,
      services,
      logThrottle: this.#logThrottle,
      capture: this.#options.capture ?? captureContext,
      add: (name, executor) => this.#add(name, executor),
    });
  }

  /**
   * Suspends a plugin: its actions wait for a moment, and then devices send them again. Several suspensions of a plugin may overlap.
   *
   * @param signal Ends the wait for the actions that are being executed.
   * @returns Resolves when no action of the plugin is executed, or when the signal has fired.
   */
  async suspend(plugin: string, signal: AbortSignal): Promise<Disposable> {
    const suspension = this.#suspensions.suspend(plugin);
    const executors = [...this.#executors.values()].filter((executor) => executor.plugin === plugin);
    await settledOrAborted(Promise.all(executors.map((executor) => executor.idle())), signal);
    return suspension;
  }

  /** Accepts no more actions, and ends those that wait: devices push them again. */
  async retire(): Promise<void> {
    this.#suspensions[Symbol.dispose]();
    await this.#owned.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.retire();
  }

  #add(name: string, executor: ActionExecutor): () => Promise<void> {
    if (this.#executors.has(name)) {
      throw new PeekError("ACTION_ALREADY_HANDLED", `${name} is already handled. Handle it once.`, {
        fields: { action: name },
      });
    }
    this.#executors.set(name, executor);
    return async () => {
      if (this.#executors.get(name) === executor) this.#executors.delete(name);
      await executor.close();
    };
  }

  /** @param signal Fires when nobody waits for the answer any more. */
  async #run({ proof, ...passed }: PassedAction, from: PeerIdentity, signal: AbortSignal): Promise<ActionOutcome> {
    const { type, client, lane } = passed;
    const now = this.#options.sessions(proof, from);
    // The device keeps the action until its user has logged in.
    if (!now.ok) return later(now.code, now.message, unknownMs);
    const waitMs = this.#waitMsOf(now.user);
    if (waitMs > 0) return later("CLIENT_OVERLOAD", tooFast, Math.max(waitMs, laterMs));
    const plugin = pluginOf(type);
    const waitsUntil = performance.now() + maxUpdateWaitMs;
    return await this.#lanes.run(JSON.stringify([client, plugin, lane]), async () => {
      if (!(await this.#resumed(plugin, waitsUntil, signal))) return actionUpdating;
      // It may have ended while the action waited.
      const session = this.#options.sessions(proof, from);
      if (!session.ok) return later(session.code, session.message, unknownMs);
      const unknown = later("ACTION_UNKNOWN", `No plugin on logic handles ${type} for ${from.service}.`, unknownMs);
      if (this.#executors.get(type)?.isExposedOn(from.service) !== true) return unknown;
      const { user, device } = session;
      const envelope: ActionEnvelope = { ...passed, user, device };
      const execute = async (): Promise<ActionOutcome | undefined> => {
        if (signal.aborted) return undefined;
        // The plugin may have been updated while the action waited for its turn.
        if (this.#suspensions.has(plugin)) return actionUpdating;
        const executor = this.#executors.get(type);
        return executor?.isExposedOn(from.service) === true ? await this.#execute(executor, envelope) : unknown;
      };
      return (await this.#semaphoreOf(plugin).tryRun(execute)) ?? later("RPC_BUSY", busy, laterMs);
    });
  }

  /** Waits until a plugin is not suspended. Returns false when it still is, or when too many actions wait for it. */
  async #resumed(plugin: string, until: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#suspensions.has(plugin)) return true;
    const waiting = this.#waiting.get(plugin) ?? 0;
    if (waiting >= maxWaitingPerPlugin) return false;
    this.#waiting.set(plugin, waiting + 1);
    const isResumed = await this.#suspensions.resumed(plugin, until - performance.now(), signal);
    const left = (this.#waiting.get(plugin) ?? 1) - 1;
    if (left === 0) this.#waiting.delete(plugin);
    else this.#waiting.set(plugin, left);
    return isResumed;
  }

  /** Takes a token of a user. Returns 0, or after how long there is one. */
  #waitMsOf({ id, anonymous }: PeekUser): number {
    const all = anonymous ? this.#anonymousLimiter.bucketOf("") : undefined;
    if (all?.tryTake() === false) return all.waitMs;
    const own = this.#userLimiter.bucketOf(id);
    return own.tryTake() ? 0 : own.waitMs;
  }

  /** Delays the loads of its effects until the device knows their positions: otherwise it would show them twice for a moment. */
  async #execute(executor: ActionExecutor, envelope: ActionEnvelope): Promise<ActionOutcome> {
    const { channels } = this.#options;
    const holds = envelope.watch.map(({ selector, scope }) => channels.hold(selector, scope));
    try {
      return this.#outcomeOf(await executor.execute(envelope), envelope);
    } finally {
      // After the answer was sent.
      setImmediate(() => {
        for (const hold of holds) hold?.[Symbol.dispose]();
      });
    }
  }

  #semaphoreOf(plugin: string): Semaphore {
    const semaphore = this.#semaphores.get(plugin) ?? new Semaphore(concurrencyPerPlugin, maxWaitingPerPlugin);
    this.#semaphores.set(plugin, semaphore);
    return semaphore;
  }

  #outcomeOf(execution: Execution, { watch }: ActionEnvelope): ActionOutcome {
    switch (execution.kind) {
      case "done":
        return { kind: "done", result: execution.body, at: this.#positions(watch) };
      case "forgotten": {
        const msg = "The action was executed or rejected before; the ledger no longer knows which.";
        return { kind: "rejected", code: "ACTION_FORGOTTEN", msg, at: watch.map(() => null) };
      }
      case "rejected": {
        const { code, message } = rejectionSchema.parse(decode(execution.body));
        return { kind: "rejected", code, msg: message, at: watch.map(() => null) };
      }
      case "foreign": {
        const msg = "The lane of the action belongs to another user.";
        return { kind: "rejected", code: "FORBIDDEN", msg, at: watch.map(() => null) };
      }
      case "early":
        return { kind: "early", last: execution.last };
      case "unfit":
        return later("ACTION_UPDATE_NEEDED", outdatedPage, unfitMs);
      case "full":
        return later("CLIENT_OVERLOAD", tooMuch, fullMs);
      default:
        return later(execution.code, "The action cannot be executed now, and is tried again.", laterMs);
    }
  }

  #positions(watch: ActionEnvelope["watch"]): (Position | null)[] {
    return watch.map(({ selector, scope }) => this.#options.channels.demand(selector, scope));
  }
}

function later(code: string, message: string, afterMs: number): ActionOutcome {
  return { kind: "retry", code, msg: cutText(message, 2000), afterMs };
}
