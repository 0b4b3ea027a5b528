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
import { type CaptureContext, captureContext, LogThrottle, PluginScopes, Semaphore } from "@peek/kit";
import type { Position } from "@peek/live-protocol";
import { RateLimiter } from "../../limits/RateLimiter.ts";
import type { Rate } from "../../limits/TokenBucket.ts";
import { type ActionEnvelope, type ActionOutcome, ActionsRpc, type PassedAction } from "../../rpc/ActionsRpc.ts";
import type { Execution, HandledAction } from "./HandledAction.ts";
import { Lanes } from "./Lanes.ts";
import { ScopedActions } from "./ScopedActions.ts";

/** What an {@link ActionServer} has of the channels that devices watch, each named by its selector's canonical text and its scope. */
export interface ActionChannels {
  /**
   * Has a channel show what has been committed by now.
   *
   * @returns Where it does; null when nobody watches it.
   */
  demand(selector: string, scope: string): Position | null;
  /** Has it show nothing new for a moment, until what is returned is disposed; undefined when nobody watches it. */
  hold(selector: string, scope: string): Disposable | undefined;
}

/** What an {@link ActionServer} is made of. */
export interface ActionServerOptions {
  /** The platform's own. */
  readonly rpc: PluginRpc;
  /** Tells on whose behalf field and office pass actions on. */
  readonly sessions: SessionCheck;
  /** The channels that devices watch. */
  readonly channels: ActionChannels;
  /** How code of a plugin is tied to it. Default: by the async context. */
  readonly capture?: CaptureContext;
  /** How fast actions are taken of one user; all who are not logged in are one, ten times as fast. Default: 100 in a second, 2,000 at once. */
  readonly rate?: Rate;
}

/** What a plugin has on the ledger; undefined where it does not require storage. */
export type PluginLedger = ActionLedger | undefined;

/** So many calls run or wait; a device whose action is refused tries again. */
const concurrency = 4000;
const queueLimit = 20_000;
/** Each executing action has a connection of the plugin's pool, which has few. */
const atATimePerPlugin = 4;
/** So many wait for their turn, of each plugin: one that is slow takes nobody else's. */
const waitingPerPlugin = 500;
/** When a device tries again what cannot be done now; milliseconds. */
const laterMs = 1000;
const unknownMs = 5000;
/** When a device tries again that may have nothing more kept, for a day or so; milliseconds. */
const fullMs = 60_000;
const defaultRate: Rate = { perSecond: 100, burst: 2000 };
/** How much faster than those of one user the actions of all are taken who are not logged in. */
const anonymousFactor = 10;

const busy = "Logic has many actions to execute. It is tried again.";

const tooFast = "The user pushes more actions than are taken. It is tried again.";
const tooMuch = "As much is kept of the actions of this user, or device, as may be. It is tried again.";

const rejectionSchema = z.object({ code: z.string(), message: z.string() });

/** Executes the actions that field and office pass on. One on logic. */
export class ActionServer implements AsyncDisposable {
  readonly #options: ActionServerOptions;
  readonly #lanes = new Lanes();
  readonly #turns = new Map<string, Semaphore>();
  readonly #handled = new Map<string, HandledAction>();
  readonly #rateLimit = new LogThrottle();
  readonly #rates: RateLimiter;
  readonly #anonymousRate: RateLimiter;
  readonly #owned = new AsyncDisposableStack();

  constructor(options: ActionServerOptions) {
    this.#options = options;
    const { perSecond, burst } = options.rate ?? defaultRate;
    this.#rates = new RateLimiter({ perSecond, burst });
    this.#anonymousRate = new RateLimiter({ perSecond: perSecond * anonymousFactor, burst: burst * anonymousFactor });
  }

  /**
   * Lets field and office pass actions on. Best called when the plugins have started, so that nobody is told that something
   * is not handled which is about to be.
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

  /** What is under way or waits. */
  get size(): number {
    return this.#lanes.size;
  }

  /**
   * What a plugin has of actions.
   *
   * @param disposables The stack of its present phase. What the plugin handles ends with the phase in which that began.
   * @param logger Where what goes wrong in its handlers is told.
   * @param services The services that it has a part for: it can expose actions there.
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
      rateLimit: this.#rateLimit,
      capture: this.#options.capture ?? captureContext,
      add: (name, handled) => this.#add(name, handled),
    });
  }

  /** Takes no more, and ends what waits: devices push it again. */
  async retire(): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.retire();
  }

  #add(name: string, handled: HandledAction): () => Promise<void> {
    if (this.#handled.has(name)) {
      throw new PeekError("ACTION_ALREADY_HANDLED", `${name} is handled already. Handle it once.`, {
        fields: { action: name },
      });
    }
    this.#handled.set(name, handled);
    return async () => {
      if (this.#handled.get(name) === handled) this.#handled.delete(name);
      await handled.close();
    };
  }

  /** @param signal Nobody waits for the answer any more. */
  async #run({ proof, ...passed }: PassedAction, from: PeerIdentity, signal: AbortSignal): Promise<ActionOutcome> {
    const { type, client, lane } = passed;
    const asked = this.#options.sessions(proof, from);
    // The device keeps it, until its user has logged in.
    if (!asked.ok) return later(asked.code, asked.message, unknownMs);
    const waitMs = this.#waitMsOf(asked.user);
    if (waitMs > 0) return later("CLIENT_OVERLOAD", tooFast, Math.max(waitMs, laterMs));
    const plugin = type.slice(0, Math.max(type.indexOf("."), 0));
    return await this.#lanes.take(JSON.stringify([client, plugin, lane]), async () => {
      // It may have ended while this waited.
      const session = this.#options.sessions(proof, from);
      if (!session.ok) return later(session.code, session.message, unknownMs);
      const handled = this.#handled.get(type);
      if (handled?.isExposedOn(from.service) !== true) {
        return later("ACTION_UNKNOWN", `Logic has nothing that handles ${type} for ${from.service} now.`, unknownMs);
      }
      const { user, device } = session;
      const envelope: ActionEnvelope = { ...passed, user, device };
      const turn = async (): Promise<ActionOutcome | undefined> =>
        signal.aborted ? undefined : await this.#execute(handled, envelope);
      return (await this.#turnsOf(handled.plugin).tryRun(turn)) ?? later("RPC_BUSY", busy, laterMs);
    });
  }

  /** Takes a token of a user. Returns 0, or after how long there is one. */
  #waitMsOf({ id, anonymous }: PeekUser): number {
    const all = anonymous ? this.#anonymousRate.bucketOf("") : undefined;
    if (all?.tryTake() === false) return all.waitMs;
    const own = this.#rates.bucketOf(id);
    return own.tryTake() ? 0 : own.waitMs;
  }

  /** Its effects are not shown before its device can be told where: otherwise, it would show them twice for a moment. */
  async #execute(handled: HandledAction, envelope: ActionEnvelope): Promise<ActionOutcome> {
    const { channels } = this.#options;
    const holds = envelope.watch.map(({ selector, scope }) => channels.hold(selector, scope));
    try {
      return this.#outcomeOf(await handled.execute(envelope), envelope);
    } finally {
      // After the answer was sent.
      setImmediate(() => {
        for (const hold of holds) hold?.[Symbol.dispose]();
      });
    }
  }

  #turnsOf(plugin: string): Semaphore {
    const turns = this.#turns.get(plugin) ?? new Semaphore(atATimePerPlugin, waitingPerPlugin);
    this.#turns.set(plugin, turns);
    return turns;
  }

  #outcomeOf(execution: Execution, { watch }: ActionEnvelope): ActionOutcome {
    switch (execution.kind) {
      case "done":
        return { kind: "done", result: execution.body, at: this.#positions(watch) };
      case "forgotten": {
        const msg = "It was executed or rejected once; which of them is not kept any more.";
        return { kind: "rejected", code: "ACTION_FORGOTTEN", msg, at: watch.map(() => null) };
      }
      case "rejected": {
        const { code, message } = rejectionSchema.parse(decode(execution.body));
        return { kind: "rejected", code, msg: message, at: watch.map(() => null) };
      }
      case "foreign": {
        const msg = "These actions were begun by another user.";
        return { kind: "rejected", code: "FORBIDDEN", msg, at: watch.map(() => null) };
      }
      case "early":
        return { kind: "early", last: execution.last };
      case "full":
        return later("CLIENT_OVERLOAD", tooMuch, fullMs);
      default:
        return later(execution.code, "The action cannot be executed now. It is tried again.", laterMs);
    }
  }

  #positions(watch: ActionEnvelope["watch"]): (Position | null)[] {
    return watch.map(({ selector, scope }) => this.#options.channels.demand(selector, scope));
  }
}

function later(code: string, message: string, afterMs: number): ActionOutcome {
  return { kind: "retry", code, msg: cutText(message, 2000), afterMs };
}
