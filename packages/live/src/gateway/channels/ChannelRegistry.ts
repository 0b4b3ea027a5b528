import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TupleSelector } from "@peek/plugin-base/contracts";
import { type LogThrottle, Semaphore } from "@peek/kit";
import { channelKey } from "../../channel/channelKey.ts";
import { pluginOf } from "../../channel/pluginUpdating.ts";
import { RingBudget } from "../../channel/RingBudget.ts";
import { type StaleStatus, staleStatus } from "../../channel/StaleStatus.ts";
import type { LogicClient } from "../logic/LogicClient.ts";
import { NameThrottle } from "./NameThrottle.ts";
import {
  type ChannelName,
  type ChannelScope,
  type ChannelSubscriber,
  GatewayChannel,
  type GatewayChannelContext,
} from "./GatewayChannel.ts";

/** Options of a {@link ChannelRegistry}. */
export interface ChannelRegistryOptions {
  readonly logic: LogicClient;
  readonly logger: Logger;
  readonly logThrottle: LogThrottle;
  /** How long a channel is followed after its last subscriber has left. Default: 30,000. */
  readonly lingerMs?: number;
  /** Called when the subscribers to an observable have to be admitted anew, because logic has refused to send them its channels. */
  readonly onAdmissionsOutdated: (observable: string) => void;
}

/** How many channels there are: data. */
export interface ChannelStatistics {
  /** Channels that have subscribers. */
  readonly channels: number;
  /** Channels that are followed: also those that the last subscriber has left a moment ago. */
  readonly followedChannels: number;
  /** Channels that are being closed. */
  readonly closingChannels: number;
  /** How much of their histories the channels keep; characters. */
  readonly historyChars: number;
}

const defaultLingerMs = 30_000;
/** How many channels one process follows at most. */
const maxChannels = 100_000;
/** The least time between two readmissions of the subscribers to an observable: many of its channels ask for it at once. */
const readmissionIntervalMs = 1000;
/** How many streams are being opened at a time: when logic comes back, all channels are followed again at once. */
const maxOpening = 500;

/** The channels of a gateway, each followed once for all its subscribers. */
export class ChannelRegistry implements AsyncDisposable {
  readonly #options: ChannelRegistryOptions;
  readonly #context: GatewayChannelContext;
  readonly #budget = new RingBudget();
  readonly #channels = new Map<string, GatewayChannel>();
  readonly #readmission: NameThrottle;
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;
  #lastNumber = 0;

  constructor(options: ChannelRegistryOptions) {
    this.#options = options;
    this.#readmission = new NameThrottle(readmissionIntervalMs, options.onAdmissionsOutdated);
    const { logic, logger, logThrottle, lingerMs = defaultLingerMs } = options;
    this.#context = { logic, logger, logThrottle, lingerMs, opening: new Semaphore(maxOpening), budget: this.#budget };
  }

  /** Whether a channel has subscribers. */
  isWatched(selector: TupleSelector, { scope, guarded }: ChannelScope): boolean {
    const channel = this.#channels.get(channelKey(selector.canonical(), scope, guarded));
    return channel !== undefined && channel.subscribers.size > 0;
  }

  /**
   * The channel of a name. The caller has to subscribe to it at once: it is closed when its last subscriber has left for a while.
   *
   * @throws PeekError `SUBSCRIPTION_LIMIT`, `VORTEX_CLOSED`
   */
  open(name: ChannelName): GatewayChannel {
    const { selector, scope, guarded } = name;
    if (this.#isClosed) {
      throw new PeekError("VORTEX_CLOSED", `Failed to follow ${selector.name}: the service is stopping.`);
    }
    const key = channelKey(selector.canonical(), scope, guarded);
    return this.#channels.get(key) ?? this.#create(key, name);
  }

  /** All channels that are followed. */
  all(): Iterable<GatewayChannel> {
    return this.#channels.values();
  }

  /** The subscribers of all channels. @param observable Only of its channels. */
  subscribers(observable?: string): readonly ChannelSubscriber[] {
    const all: ChannelSubscriber[] = [];
    for (const { selector, subscribers } of this.#channels.values()) {
      if (observable !== undefined && selector.name !== observable) continue;
      for (const each of subscribers) all.push(each);
    }
    return all;
  }

  /** Follows the channels of an observable again now, where that has failed. */
  retry(observable: string): void {
    for (const channel of this.#channels.values()) if (channel.selector.name === observable) channel.retry();
  }

  /** A plugin is suspended on this service: its channels are stale until {@link resume}. */
  suspend(plugin: string): void {
    for (const channel of this.#channels.values()) if (pluginOf(channel.selector.name) === plugin) channel.suspend();
  }

  resume(plugin: string): void {
    for (const channel of this.#channels.values()) if (pluginOf(channel.selector.name) === plugin) channel.resume();
  }

  statistics(): ChannelStatistics {
    let channels = 0;
    for (const { subscribers } of this.#channels.values()) if (subscribers.size > 0) channels += 1;
    return {
      channels,
      followedChannels: this.#channels.size,
      closingChannels: this.#closing.size,
      historyChars: this.#budget.chars,
    };
  }

  /** The channels whose tuples are not known to be current. */
  stale(): StaleStatus {
    return staleStatus(this.#channels.values(), this.#options.logic.staleness);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#readmission[Symbol.dispose]();
    for (const key of this.#channels.keys()) this.#close(key);
    await Promise.all(this.#closing);
  }

  #create(key: string, name: ChannelName): GatewayChannel {
    const observable = name.selector.name;
    if (this.#channels.size >= maxChannels) {
      throw new PeekError(
        "SUBSCRIPTION_LIMIT",
        `Failed to follow ${observable}: the service already follows ${maxChannels} channels, the maximum.`,
        { fields: { observable } },
      );
    }
    this.#lastNumber += 1;
    const channel = new GatewayChannel(this.#context, this.#lastNumber, name, {
      onIdle: () => this.#close(key),
      onAdmissionsOutdated: () => {
        if (this.#isClosed || this.#channels.get(key) !== channel) return;
        if (channel.subscribers.size > 0) this.#readmission.pass(observable);
        else this.#close(key);
      },
    });
    this.#channels.set(key, channel);
    return channel;
  }

  #close(key: string): void {
    const channel = this.#channels.get(key);
    if (channel === undefined) return;
    this.#channels.delete(key);
    const closing = channel[Symbol.asyncDispose]();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}
