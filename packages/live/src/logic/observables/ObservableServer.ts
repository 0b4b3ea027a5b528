import { cutText, messageOf, PeekError } from "@peek/errors";
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
import { type CaptureContext, captureContext, LogThrottle, PluginScopes, Semaphore } from "@peek/kit";
import { type Position, type Resume, resumeOf } from "@peek/live-protocol";
import { channelKey } from "../../channel/channelKey.ts";
import type { LogicChannel } from "./LogicChannel.ts";
import { LogicObservable, unknownObservable } from "./LogicObservable.ts";
import {
  type Admission,
  type Ask,
  type ChannelUpdate,
  type FollowInput,
  ObservablesRpc,
} from "../../rpc/ObservablesRpc.ts";
import { only } from "./only.ts";
import { RecentAdmissions } from "./RecentAdmissions.ts";
import { RightsFeed } from "./RightsFeed.ts";
import { RingBudget } from "../../channel/RingBudget.ts";
import { RunQueue } from "./RunQueue.ts";
import { Sponsors } from "./Sponsors.ts";
import { type StaleStatus, staleStatus } from "../../channel/StaleStatus.ts";
import { ScopedObservables } from "./ScopedObservables.ts";

/** What an {@link ObservableServer} is made of. */
export interface ObservableServerOptions {
  /** Of `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** Tells on whose behalf field and office ask. */
  readonly sessions: SessionCheck;
  /** How tables are followed; asked again when it gives undefined. */
  readonly changes: () => ChangeSource | undefined;
  /** How code of a plugin is tied to it. Default: by the async context. */
  readonly capture?: CaptureContext;
  /** How many providers of one plugin run at a time. Default: 16. */
  readonly maxRuns?: number;
  /** How long a provider may take for one run; milliseconds. Default: 60,000. */
  readonly loadDeadlineMs?: number;
  /** How long a channel is kept after the last has left; milliseconds. Default: 30,000. */
  readonly lingerMs?: number;
  /** How often it is looked at whether the sessions go on in whose name channels are followed; milliseconds. Default: 2,000. */
  readonly sessionCheckMs?: number;
}

/** For which plugin observables are provided. */
export interface ObservablePlugin {
  readonly plugin: string;
  /** The stack of its present phase: what it provides is withdrawn with the phase in which it did. */
  readonly disposables: () => PluginDisposables;
  /** Where the errors of its providers go. */
  readonly logger: Logger;
  /** Whether its plugin_package.json requires `storage`. */
  readonly hasStorage: boolean;
  /** The services that it has a part for: it can expose things there. */
  readonly services: readonly ServiceName[];
}

/** How much is going on: data. */
export interface ObservableServerStatistics {
  readonly observables: number;
  readonly channels: number;
  readonly followers: number;
  /** How often the providers of the channels that there are have run. */
  readonly runs: number;
  /** What channels keep of their pasts; characters. */
  readonly ringChars: number;
  readonly rightsFeeds: number;
}

const defaultLingerMs = 30_000;
const defaultLoadDeadlineMs = 60_000;
/** Streams are open for as long as somebody watches: 100,000 channels of each of two services. */
const concurrency = 200_000;
const queueLimit = 10_000;
/** How many of one request are asked about at a time. */
const admittedAtATime = 32;
const maxMessageLength = 2000;
/** How often it is looked whether what channels have is known to be current; milliseconds. */
const lookMs = 500;

/** What plugins provide on logic, and field and office follow. One for each process. */
export class ObservableServer implements AsyncDisposable {
  readonly #options: ObservableServerOptions;
  readonly #observables = new Map<string, LogicObservable>();
  readonly #channels = new Map<string, LogicChannel>();
  readonly #queues = new Map<string, RunQueue>();
  readonly #feeds = new Map<RightsFeed, ServiceName>();
  readonly #admissions = new RecentAdmissions();
  readonly #admitting = new Semaphore(admittedAtATime, Infinity);
  readonly #sponsors: Sponsors;
  readonly #budget = new RingBudget();
  readonly #rateLimit = new LogThrottle();
  readonly #owned = new AsyncDisposableStack();

  constructor(options: ObservableServerOptions) {
    this.#options = options;
    this.#sponsors = new Sponsors(options.sessions, () => this.#admissions.sweep(), options.sessionCheckMs);
    const looking = setInterval(() => this.#look(), lookMs).unref();
    this.#owned.defer(() => clearInterval(looking));
  }

  /**
   * Lets field and office follow. Before, they wait: best called when the plugins have started, so that nobody is told that
   * something is not provided which is about to be.
   */
  serve(): void {
    this.#owned.use(
      this.#options.rpc.serve(
        ObservablesRpc,
        {
          follow: (input, { from }) =>
            this.#sponsors.follow(input.proof, from, () => this.#follow(input, resumeOf(input.at), from)),
          admit: ({ asks }, { from }) => this.#admitAll(asks, from),
          rights: (_nothing, { from }) => this.#rights(from.service),
          alive: () => {
            this.#look();
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
      scopes: new PluginScopes(plugin, disposables, () => undefined),
      logger,
      hasStorage,
      provide: (type, provider) => this.#provide(type, provider, logger, services),
      find: (name) => this.#observables.get(name),
      withdraw: (observable) => this.#withdraw(observable),
    });
  }

  /**
   * Has a channel loaded again, and come to another position by that, even when nothing has changed.
   *
   * @param selector Its canonical text.
   * @returns The position: whoever sees it, or a later offset of its epoch, sees what is committed now. Null when nobody
   *   follows such a channel.
   */
  demand(selector: string, scope: string): Position | null {
    return this.#channels.get(channelKey(selector, scope))?.demand() ?? null;
  }

  /**
   * Has a channel wait with its next run until what is returned is disposed, or for 50 ms: so that whoever is about to commit
   * something can be told at which position it is shown before it is.
   *
   * @param selector Its canonical text.
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
      runs: channels.reduce((sum, { runs }) => sum + runs, 0),
      ringChars: this.#budget.chars,
      rightsFeeds: this.#feeds.size,
    };
  }

  /** What of all that is followed is not known to be current. */
  stale(): StaleStatus {
    this.#look();
    return staleStatus(this.#observables.values().flatMap((observable) => observable.followed()));
  }

  /** Lets nobody follow any more; those who do are told that logic is gone. What is provided stays. */
  async retire(): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Withdraws everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#sponsors[Symbol.dispose]();
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
      throw new PeekError("OBSERVABLE_ALREADY_PROVIDED", `${name} is provided already. Provide it once.`, {
        fields: { observable: name },
      });
    }
    const { changes, capture = captureContext, maxRuns } = this.#options;
    const { loadDeadlineMs = defaultLoadDeadlineMs, lingerMs = defaultLingerMs } = this.#options;
    const queue = this.#queues.get(plugin) ?? new RunQueue(maxRuns);
    this.#queues.set(plugin, queue);
    const observable = new LogicObservable({
      context: {
        type,
        provider,
        services: type.services ?? services,
        guarded: provider.authorize !== undefined || provider.scope !== undefined,
        logger,
        rateLimit: this.#rateLimit,
        run: capture(),
        queue,
        budget: this.#budget,
        loadDeadlineMs,
        lingerMs,
      },
      changes,
      channels: this.#channels,
      onRights: (observable) => this.#tellRights(observable),
    });
    this.#observables.set(name, observable);
    // Whoever was told that there is none asks again.
    this.#tellRights(name);
    return observable;
  }

  async #withdraw(observable: LogicObservable): Promise<void> {
    if (this.#observables.get(observable.name) === observable) this.#observables.delete(observable.name);
    await observable[Symbol.asyncDispose]();
  }

  /** @returns Undefined when the session may not follow this. */
  async #follow(
    { proof, selector: canonical, scope, guarded }: FollowInput,
    at: Resume | undefined,
    from: PeerIdentity,
  ): Promise<AsyncIterableIterator<ChannelUpdate, undefined> | undefined> {
    try {
      const selector = TupleSelector.parse(canonical);
      const observable = this.#find(selector.name, from.service);
      if (observable === undefined) throw unknownObservable(selector.name);
      // Those who take it for what it is not are told so, and nothing of it.
      const isMistaken = guarded !== observable.guarded;
      if (!isMistaken && !(await this.#mayFollow(proof, from, observable, selector, scope))) return undefined;
      return observable.follow(selector, scope, guarded, at);
    } catch (error) {
      // It would be taken for what became of the call.
      if (!PeekError.is(error) || error.code !== "DATA_INVALID") throw error;
      return only({ k: "invalid", message: cutText(error.message, maxMessageLength) });
    }
  }

  async #mayFollow(
    proof: string,
    from: PeerIdentity,
    observable: LogicObservable,
    selector: TupleSelector,
    scope: string,
  ): Promise<boolean> {
    if (!this.#options.sessions(proof, from).ok) return false;
    if (!observable.guarded) return scope === "";
    const known = this.#admissions.of(observable.name).scopeOf(sessionOf(proof, from), selector.canonical());
    if (known !== undefined) return known === scope;
    const ask = { proof, selector: selector.canonical() };
    const admission = await this.#admitting.run(() => this.#admit(ask, from));
    return admission.ok && admission.scope === scope;
  }

  async #admitAll(asks: readonly Ask[], from: PeerIdentity): Promise<Admission[]> {
    const admissions: Admission[] = [];
    const rest = asks.entries();
    const some = async (): Promise<void> => {
      for (const [index, ask] of rest) admissions[index] = await this.#admit(ask, from);
    };
    await Promise.all(Array.from({ length: admittedAtATime }, some));
    return admissions;
  }

  async #admit({ proof, selector: canonical }: Ask, from: PeerIdentity): Promise<Admission> {
    let selector: TupleSelector;
    try {
      selector = TupleSelector.parse(canonical);
    } catch (error) {
      return { ok: false, code: "DATA_INVALID", message: cutText(messageOf(error), maxMessageLength) };
    }
    const session = this.#options.sessions(proof, from);
    if (!session.ok) return session;
    const observable = this.#find(selector.name, from.service);
    if (observable === undefined) {
      const { code, message } = unknownObservable(selector.name);
      return { ok: false, code, message };
    }
    const recent = this.#admissions.of(selector.name);
    const admission = await observable.admit(session.user, selector);
    if (admission.ok && admission.guarded) recent.learn(sessionOf(proof, from), canonical, admission.scope);
    return admission;
  }

  /** An observable that browsers of a service may watch. */
  #find(name: string, service: ServiceName): LogicObservable | undefined {
    const observable = this.#observables.get(name);
    return observable?.isExposedOn(service) === true ? observable : undefined;
  }

  #rights(service: ServiceName): RightsFeed {
    // What has changed while one was not told is not known.
    const guarded = this.#observables.values().filter((each) => each.guarded && each.isExposedOn(service));
    const feed = new RightsFeed(
      guarded.map(({ name }) => name),
      () => this.#feeds.delete(feed),
    );
    this.#feeds.set(feed, service);
    return feed;
  }

  #look(): void {
    for (const channel of this.#channels.values()) channel.look();
  }

  #tellRights(observable: string): void {
    this.#admissions.forget(observable);
    const known = this.#observables.get(observable);
    for (const [feed, service] of this.#feeds) if (known?.isExposedOn(service) !== false) feed.tell(observable);
  }
}

/** A session among those of all services. */
function sessionOf(proof: string, { service }: PeerIdentity): string {
  return `${service}\n${proof}`;
}
