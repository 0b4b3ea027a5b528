import { messageOf, PeekError } from "@peek/errors";
import type { Logger, PluginPresence, PluginRpc } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { Backoff, CancellableDelay, Listeners, LogThrottle } from "@peek/kit";
import { maxDeadlineMs } from "@peek/vortex";
import { AdmissionDesk } from "./AdmissionDesk.ts";
import { channelKey } from "../../channel/channelKey.ts";
import type { ChannelSource, ChannelSponsor, FollowedChannel } from "./ChannelSource.ts";
import type { Staleness } from "@peek/live-protocol";
import { type Admission, ObservablesRpc } from "../../rpc/ObservablesRpc.ts";
import { ChannelWatch } from "./ChannelWatch.ts";
import { isOutage } from "./isOutage.ts";
import { OpeningTurns } from "./OpeningTurns.ts";
import { type ChannelName, type ObservablesClient, ProxyChannel } from "./ProxyChannel.ts";
import { RingBudget } from "../../channel/RingBudget.ts";
import { type StaleStatus, staleStatus } from "../../channel/StaleStatus.ts";
import { Throttle } from "./Throttle.ts";
import { UpstreamWatch } from "./UpstreamWatch.ts";

/** What an {@link ObservableProxy} is made of. */
export interface ObservableProxyOptions {
  /** Of `peek_core_platform`. */
  readonly rpc: PluginRpc;
  /** Of `peek_core_platform`. */
  readonly presence: PluginPresence;
  readonly logger: Logger;
  /** How long a channel is followed after the last has left; milliseconds. Default: 30,000. */
  readonly lingerMs?: number;
}

/** How much is going on: data. */
export interface ObservableProxyStatistics {
  /** Channels that logic is followed for. */
  readonly channels: number;
  /** Channels that are being given up. */
  readonly ending: number;
  /** Who watches them. */
  readonly watchers: number;
  /** What channels keep of their pasts; characters. */
  readonly ringChars: number;
  /** Questions about who may watch that wait to be asked. */
  readonly asks: number;
}

const defaultLingerMs = 30_000;
/** How many channels one process follows at most. */
const maxChannels = 100_000;
/** How often the same is said of an observable at most; milliseconds. */
const mistakesMs = 1000;

interface Shared {
  readonly channel: ProxyChannel;
  readonly sponsors: Set<ChannelSponsor>;
  watchers: number;
  linger: NodeJS.Timeout | undefined;
}

/** What a field or office service watches on logic, on behalf of its browsers. One for each process. */
export class ObservableProxy implements ChannelSource, AsyncDisposable {
  readonly #logger: Logger;
  readonly #lingerMs: number;
  readonly #client: ObservablesClient;
  readonly #upstream: UpstreamWatch;
  readonly #desk: AdmissionDesk;
  readonly #rights = new Listeners<string>();
  /** Observables whose channels are mistaken: many of them at once, but who watches is admitted anew for all of them. */
  readonly #mistakes = new Throttle(mistakesMs, (observable) => this.#rights.tell(observable));
  readonly #turns = new OpeningTurns();
  readonly #budget = new RingBudget();
  readonly #rateLimit = new LogThrottle();
  readonly #channels = new Map<string, Shared>();
  readonly #closing = new AbortController();
  readonly #pause = new CancellableDelay();
  readonly #rightsTold: Promise<void>;
  /** Channels that are being given up. */
  readonly #ending = new Set<Promise<void>>();
  #lastNumber = 0;

  constructor({ rpc, presence, logger, lingerMs = defaultLingerMs }: ObservableProxyOptions) {
    this.#logger = logger;
    this.#lingerMs = lingerMs;
    this.#client = rpc.client(ObservablesRpc, { to: "logic" });
    this.#upstream = new UpstreamWatch({ rpc, presence });
    this.#desk = new AdmissionDesk(this.#client);
    this.#rightsTold = this.#followRights();
  }

  get staleness(): Staleness | undefined {
    return this.#upstream.staleness;
  }

  onStaleness(listener: () => void): Disposable {
    return this.#upstream.onChange(listener);
  }

  onReached(listener: () => void): Disposable {
    return this.#upstream.onReached(listener);
  }

  async admit(proof: string, selector: TupleSelector, signal: AbortSignal): Promise<Admission> {
    return await this.#desk.ask(proof, selector.canonical(), signal);
  }

  onRightsChanged(listener: (observable: string) => void): Disposable {
    return this.#rights.add(listener);
  }

  /** @throws PeekError `SUBSCRIPTION_LIMIT`, `VORTEX_CLOSED` */
  follow(selector: TupleSelector, scope: string, guarded: boolean, sponsor: ChannelSponsor): FollowedChannel {
    if (this.#closing.signal.aborted) {
      throw new PeekError("VORTEX_CLOSED", `${selector.name} cannot be followed: the service is being stopped.`);
    }
    const key = channelKey(selector.canonical(), scope, guarded);
    const shared = this.#channels.get(key) ?? this.#open(key, { selector, scope, guarded });
    clearTimeout(shared.linger);
    shared.watchers += 1;
    shared.sponsors.add(sponsor);
    return new ChannelWatch(shared.channel, () => {
      shared.watchers -= 1;
      shared.sponsors.delete(sponsor);
      if (shared.watchers > 0 || this.#closing.signal.aborted) return;
      if (shared.channel.isMistaken) this.#end(key, shared);
      else shared.linger = setTimeout(() => this.#end(key, shared), this.#lingerMs).unref();
    });
  }

  statistics(): ObservableProxyStatistics {
    let watchers = 0;
    for (const shared of this.#channels.values()) watchers += shared.watchers;
    return {
      channels: this.#channels.size,
      ending: this.#ending.size,
      watchers,
      ringChars: this.#budget.chars,
      asks: this.#desk.size,
    };
  }

  /** What of all that is shown is not known to be current. */
  stale(): StaleStatus {
    return staleStatus(
      this.#channels.values().map(({ channel }) => channel),
      this.staleness,
    );
  }

  /** Follows nothing any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#pause.end();
    this.#rights.clear();
    this.#mistakes[Symbol.dispose]();
    for (const [key, shared] of this.#channels) this.#end(key, shared);
    await Promise.all([
      this.#upstream[Symbol.asyncDispose](),
      this.#desk[Symbol.asyncDispose](),
      this.#rightsTold,
      ...this.#ending,
    ]);
  }

  #open(key: string, name: ChannelName): Shared {
    const observable = name.selector.name;
    if (this.#channels.size >= maxChannels) {
      throw new PeekError(
        "SUBSCRIPTION_LIMIT",
        `${observable} cannot be followed: the service follows ${maxChannels} channels, and that is as many as it does.`,
        { fields: { observable } },
      );
    }
    this.#lastNumber += 1;
    const context = {
      client: this.#client,
      turns: this.#turns,
      budget: this.#budget,
      logger: this.#logger,
      rateLimit: this.#rateLimit,
      knownAt: () => this.#upstream.knownAt,
    };
    const sponsors = new Set<ChannelSponsor>();
    const channel = new ProxyChannel(context, this.#lastNumber, name, {
      sponsor: (except) => sponsorOf(sponsors, except),
      onMistaken: () => this.#mistaken(key, observable),
    });
    const shared: Shared = { channel, sponsors, watchers: 0, linger: undefined };
    this.#channels.set(key, shared);
    return shared;
  }

  /** Those who watch a channel were admitted wrongly, for rights have changed. */
  #mistaken(key: string, observable: string): void {
    const shared = this.#channels.get(key);
    if (shared === undefined || this.#closing.signal.aborted) return;
    if (shared.watchers > 0) this.#mistakes.say(observable);
    else this.#end(key, shared);
  }

  #end(key: string, shared: Shared): void {
    clearTimeout(shared.linger);
    this.#channels.delete(key);
    const ended = shared.channel[Symbol.asyncDispose]();
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  /** Is told whose rights have changed, for as long as it lives; anew, of all, when the stream was cut. Never rejects. */
  async #followRights(): Promise<void> {
    const { signal } = this.#closing;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const changes = this.#client.rights(undefined, { wait: true, deadlineMs: maxDeadlineMs, signal });
        for await (const { observable } of changes) {
          backoff.reset();
          this.#rights.tell(observable);
          for (const { channel } of this.#channels.values()) if (channel.observable === observable) channel.retry();
        }
      } catch (error) {
        const isExpected = signal.aborted || !this.#upstream.isReached || isOutage(error);
        const untold = isExpected ? undefined : this.#rateLimit.count("rights");
        if (untold !== undefined) {
          this.#logger.warning(
            "Logic does not tell now whose rights have changed; it is asked again: %s%s",
            messageOf(error),
            untold,
          );
        }
      }
      if (!signal.aborted) await this.#pause.wait(backoff.next());
    }
  }
}

/** One of those who watch a channel. */
function sponsorOf(sponsors: ReadonlySet<ChannelSponsor>, except: string | undefined): string | undefined {
  let second: string | undefined;
  for (const sponsor of sponsors) {
    const proof = sponsor(except);
    if (proof !== undefined && proof !== except) return proof;
    second ??= proof;
  }
  return second;
}
