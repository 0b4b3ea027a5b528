import { cutText, PeekError } from "@peek/errors";
import {
  type CaptureContext,
  captureContext,
  LogThrottle,
  PluginScopes,
  PluginSuspensions,
  settledOrAborted,
} from "@peek/kit";
import { type Position, resumeOf } from "@peek/live-protocol";
import type {
  Logger,
  ObservableProvider,
  PeerIdentity,
  PluginDisposables,
  PluginObservables,
  PluginRpc,
  ServiceName,
} from "@peek/plugin-base";
import { TupleSelector, type TupleType } from "@peek/plugin-base/contracts";
import type { ChangeSource, SessionCheck } from "@peek/plugin-base/internal";
import type { z } from "zod";
import { channelKey } from "../../channel/channelKey.ts";
import { pluginOf } from "../../channel/pluginUpdating.ts";
import { RingBudget } from "../../channel/RingBudget.ts";
import { type StaleStatus, staleStatus } from "../../channel/StaleStatus.ts";
import { type ChannelUpdate, type FollowInput, ObservablesRpc } from "../../rpc/ObservablesRpc.ts";
import { HeldUpdates } from "./HeldUpdates.ts";
import { LoadScheduler } from "./LoadScheduler.ts";
import type { LogicChannel } from "./LogicChannel.ts";
import { LogicObservable, unknownObservable } from "./LogicObservable.ts";
import { RightsChangeStream } from "./RightsChangeStream.ts";
import { ScopedObservables } from "./ScopedObservables.ts";
import { SessionStreams } from "./SessionStreams.ts";
import { singleItem } from "./singleItem.ts";
import { UserAdmission } from "./UserAdmission.ts";

/** Options of an {@link ObservableServer}. */
export interface ObservableServerOptions {
  /** In the name of the platform itself, `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** Finds the user of a session. */
  readonly sessions: SessionCheck;
  /** The changes in the database; asked again while it returns undefined. */
  readonly changes: () => ChangeSource | undefined;
  /** Ties code to the plugin that it belongs to. Default: by the async context. */
  readonly capture?: CaptureContext;
  /** How many loads of one plugin run at a time. Default: 16. */
  readonly maxLoads?: number;
  /** How long one load() may take. Default: 60,000. */
  readonly loadDeadlineMs?: number;
  /** How long a channel is kept after its last follower has left. Default: 30,000. */
  readonly lingerMs?: number;
  /** How often the sessions are checked on whose behalf channels are followed. Default: 2,000. */
  readonly sessionCheckMs?: number;
}

/** A plugin that provides observables. */
export interface ObservablePlugin {
  readonly plugin: string;
  /** The stack of its present phase: its observables are withdrawn with the phase in which they were provided. */
  readonly disposables: () => PluginDisposables;
  /** Receives the errors of its providers. */
  readonly logger: Logger;
  /** Whether its plugin_package.json requires `storage`. */
  readonly hasStorage: boolean;
  /** The services that it has a part for. */
  readonly services: readonly ServiceName[];
}

/** Statistics of an {@link ObservableServer}. */
export interface ObservableServerStatistics {
  readonly observables: number;
  readonly channels: number;
  readonly followers: number;
  /** How many loads of the present channels have begun. */
  readonly loads: number;
  /** How much of their histories the channels keep; characters. */
  readonly historyChars: number;
  /** How many gateways follow the changes of rights. */
  readonly rightsStreams: number;
}

const defaultLingerMs = 30_000;
const defaultLoadDeadlineMs = 60_000;
/** A stream stays open as long as somebody watches: 100,000 channels of each of two services. */
const concurrency = 200_000;
const queueLimit = 10_000;
const maxMessageLength = 2000;
/** How often the currency of all channels is checked. */
const currencyCheckMs = 500;

/** Serves the observables of all plugins to gateways. One for each logic process. */
export class ObservableServer implements AsyncDisposable {
  readonly #options: ObservableServerOptions;
  readonly #observables = new Map<string, LogicObservable>();
  readonly #channels = new Map<string, LogicChannel>();
  readonly #schedulers = new Map<string, LoadScheduler>();
  readonly #rightsStreams = new Map<RightsChangeStream, ServiceName>();
  readonly #admission: UserAdmission;
  readonly #sessions: SessionStreams;
  readonly #budget = new RingBudget();
  readonly #logThrottle = new LogThrottle();
  readonly #suspensions = new PluginSuspensions({
    onSuspended: (plugin) => this.#onSuspended(plugin),
    onResumed: (plugin) => this.#onResumed(plugin),
  });
  /** The observables that suspended plugins had, by plugin. */
  readonly #suspendedNames = new Map<string, readonly string[]>();
  readonly #owned = new AsyncDisposableStack();

  constructor(options: ObservableServerOptions) {
    this.#options = options;
    this.#admission = new UserAdmission(
      options.sessions,
      (name, service) => this.#find(name, service),
      (name) => this.#suspensions.has(pluginOf(name)),
    );
    this.#sessions = new SessionStreams(options.sessions, () => this.#admission.sweep(), options.sessionCheckMs);
    const checking = setInterval(() => this.#checkCurrency(), currencyCheckMs).unref();
    this.#owned.defer(() => clearInterval(checking));
  }

  /**
   * Accepts gateways. Until then they wait: best called when the plugins have started, so that no gateway learns that an observable
   * is unknown shortly before a plugin provides it.
   */
  serve(): void {
    this.#owned.use(
      this.#options.rpc.serve(
        ObservablesRpc,
        {
          follow: (input, { from }) => this.#sessions.open(input.proof, from, () => this.#follow(input, from)),
          admit: ({ asks }, { from }) => this.#admission.admitAll(asks, from),
          rights: (_nothing, { from }) => this.#openRightsStream(from.service),
          alive: () => {
            this.#checkCurrency();
            return null;
          },
        },
        { acceptOnlyFrom: ["field", "office"], concurrency, queueLimit },
      ),
    );
  }

  /** `platform.observables` of a plugin. */
  forPlugin({ plugin, disposables, logger, hasStorage, services }: ObservablePlugin): PluginObservables {
    return new ScopedObservables({
      plugin,
      scopes: new PluginScopes(plugin, disposables),
      hasStorage,
      provide: (type, provider) => this.#provide(type, provider, logger, services),
      find: (name) => this.#observables.get(name),
      withdraw: (observable) => this.#withdraw(observable),
    });
  }

  /**
   * Suspends a plugin: its channels are stale, and nothing is loaded. Gateways that follow its observables wait, also when it
   * withdraws them. Several suspensions of a plugin may overlap.
   *
   * @param signal Ends the wait for the plugin's code.
   * @returns Resolves when none of its providers runs, or when the signal has fired. When the last suspension is disposed, gateways
   *   follow the observables that it provides then, and ask anew who may watch.
   */
  async suspend(plugin: string, signal: AbortSignal): Promise<Disposable> {
    const suspension = this.#suspensions.suspend(plugin);
    const asked = this.#ofPlugin(plugin).map((observable) => observable.idle());
    await settledOrAborted(Promise.all([this.#schedulers.get(plugin)?.idle(), ...asked]), signal);
    return suspension;
  }

  /**
   * Loads a channel again, and moves it to another position even when nothing has changed.
   *
   * @param selector In canonical form.
   * @returns The position: browsers at this or a later offset of its epoch see all that is committed now. Null when nobody follows
   *   such a channel.
   */
  demand(selector: string, scope: string): Position | null {
    return this.#channels.get(channelKey(selector, scope))?.demand() ?? null;
  }

  /**
   * Delays the next load of a channel until the result is disposed, or for 50 ms: so that a caller which commits learns the position
   * of its changes before browsers are sent them.
   *
   * @param selector In canonical form.
   * @returns Undefined when nobody follows such a channel.
   */
  hold(selector: string, scope: string): Disposable | undefined {
    return this.#channels.get(channelKey(selector, scope))?.hold();
  }

  statistics(): ObservableServerStatistics {
    const channels = [...this.#channels.values()];
    return {
      observables: this.#observables.size,
      channels: channels.length,
      followers: channels.reduce((sum, { followers }) => sum + followers, 0),
      loads: channels.reduce((sum, { loads }) => sum + loads, 0),
      historyChars: this.#budget.chars,
      rightsStreams: this.#rightsStreams.size,
    };
  }

  /** The followed channels whose tuples are not known to be current. */
  stale(): StaleStatus {
    this.#checkCurrency();
    return staleStatus(this.#observables.values().flatMap((observable) => observable.followed()));
  }

  /** Accepts no more gateways, and ends all streams. The observables stay. */
  async retire(): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Withdraws all observables. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#suspensions[Symbol.dispose]();
    this.#sessions[Symbol.dispose]();
    const withdrawn = [...this.#observables.values()].map((observable) => this.#withdraw(observable));
    await Promise.all([this.#owned.disposeAsync(), ...withdrawn]);
  }

  #provide(
    type: TupleType<unknown>,
    provider: ObservableProvider<unknown, z.ZodType>,
    logger: Logger,
    services: readonly ServiceName[],
  ): LogicObservable {
    const { name, plugin } = type;
    if (this.#observables.has(name)) {
      throw new PeekError("OBSERVABLE_ALREADY_PROVIDED", `${name} is already provided. Provide it once.`, {
        fields: { observable: name },
      });
    }
    const { changes, capture = captureContext } = this.#options;
    const { loadDeadlineMs = defaultLoadDeadlineMs, lingerMs = defaultLingerMs } = this.#options;
    const observable = new LogicObservable({
      context: {
        type,
        provider,
        services: type.services ?? services,
        guarded: provider.authorize !== undefined || provider.scope !== undefined,
        logger,
        logThrottle: this.#logThrottle,
        run: capture(),
        scheduler: this.#schedulerOf(plugin),
        budget: this.#budget,
        loadDeadlineMs,
        lingerMs,
      },
      changes,
      channels: this.#channels,
      onRightsChanged: (observable) => this.#rightsChanged(observable),
    });
    this.#observables.set(name, observable);
    if (this.#suspensions.has(plugin)) observable.suspend();
    // Gateways that did not find it ask again.
    this.#rightsChanged(name);
    return observable;
  }

  async #withdraw(observable: LogicObservable): Promise<void> {
    if (this.#observables.get(observable.name) === observable) this.#observables.delete(observable.name);
    await observable[Symbol.asyncDispose]();
  }

  /** @returns Undefined when the session may not follow the channel. */
  async #follow(
    input: FollowInput,
    from: PeerIdentity,
  ): Promise<AsyncIterableIterator<ChannelUpdate, undefined> | undefined> {
    const { proof, selector: canonical, scope, guarded, at } = input;
    try {
      const selector = TupleSelector.parse(canonical);
      const { name } = selector;
      const plugin = pluginOf(name);
      for (;;) {
        if (this.#suspensions.has(plugin)) {
          const resumed = this.#suspensions.over(plugin);
          return new HeldUpdates(resumed, () => this.#follow(input, from));
        }
        const observable = this.#find(name, from.service);
        if (observable === undefined) throw unknownObservable(name);
        const isAdmissionOutdated = guarded !== observable.guarded;
        const mayFollow =
          isAdmissionOutdated || (await this.#admission.mayFollow(proof, from, observable, selector, scope));
        // The plugin may have been updated while it was asked.
        if (this.#suspensions.has(plugin) || this.#find(name, from.service) !== observable) continue;
        return mayFollow ? observable.follow(selector, scope, guarded, resumeOf(at)) : undefined;
      }
    } catch (error) {
      // As the error of the call, it would mean that the call itself is invalid.
      if (!PeekError.is(error) || error.code !== "DATA_INVALID") throw error;
      return singleItem({ k: "invalid", message: cutText(error.message, maxMessageLength) });
    }
  }

  /** An observable that browsers of a service may watch. */
  #find(name: string, service: ServiceName): LogicObservable | undefined {
    const observable = this.#observables.get(name);
    return observable?.isExposedOn(service) === true ? observable : undefined;
  }

  #ofPlugin(plugin: string): readonly LogicObservable[] {
    return [...this.#observables.values()].filter(({ name }) => pluginOf(name) === plugin);
  }

  #schedulerOf(plugin: string): LoadScheduler {
    const scheduler = this.#schedulers.get(plugin) ?? new LoadScheduler(this.#options.maxLoads);
    this.#schedulers.set(plugin, scheduler);
    return scheduler;
  }

  #onSuspended(plugin: string): void {
    const observables = this.#ofPlugin(plugin);
    this.#suspendedNames.set(
      plugin,
      observables.map(({ name }) => name),
    );
    this.#schedulerOf(plugin).pause();
    for (const observable of observables) observable.suspend();
  }

  #onResumed(plugin: string): void {
    const observables = this.#ofPlugin(plugin);
    for (const observable of observables) observable.resume();
    this.#schedulerOf(plugin).resume();
    const before = this.#suspendedNames.get(plugin) ?? [];
    this.#suspendedNames.delete(plugin);
    // The new version may have other rights. Gateways that asked meanwhile ask again.
    for (const name of new Set([...before, ...observables.map((each) => each.name)])) this.#rightsChanged(name);
  }

  #openRightsStream(service: ServiceName): RightsChangeStream {
    // The gateway has missed the changes of before.
    const guarded = this.#observables.values().filter((each) => each.guarded && each.isExposedOn(service));
    const stream = new RightsChangeStream(
      guarded.map(({ name }) => name),
      () => this.#rightsStreams.delete(stream),
    );
    this.#rightsStreams.set(stream, service);
    return stream;
  }

  #checkCurrency(): void {
    for (const channel of this.#channels.values()) channel.checkCurrency();
  }

  #rightsChanged(observable: string): void {
    this.#admission.invalidate(observable);
    const known = this.#observables.get(observable);
    for (const [stream, service] of this.#rightsStreams) {
      if (known?.isExposedOn(service) !== false) stream.push(observable);
    }
  }
}
