import { type TupleType, TupleSelector, type SelectorValues } from "@peek/plugin-base/contracts";
import { type ClientMessage, earlierStaleness, type ServerMessage, type Staleness } from "@peek/live-protocol";
import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import type { MonotonicClock } from "../MonotonicClock.ts";
import { Channel, type ChannelHost, type DataMessage } from "./Channel.ts";
import { ChannelCacheWriter } from "./ChannelCacheWriter.ts";

/** How long a channel is followed after the last who watched has left: often somebody comes at once. Milliseconds. */
const lingerMs = 500;

/** What the channels need of the client. */
export interface ChannelRegistryHost {
  readonly isOpen: boolean;
  readonly staleness: Staleness | undefined;
  readonly clock: MonotonicClock;
  send(message: ClientMessage): void;
  applyOptimistic<T>(channel: Channel<T>, tuples: readonly T[]): readonly T[];
  /** {@link ChannelRegistry.staleness} may be another. */
  staled(): void;
}

/** All that is watched. */
export class ChannelRegistry implements Disposable {
  readonly #host: ChannelRegistryHost;
  readonly #device: DeviceStorage;
  readonly #kept: ChannelCacheWriter;
  readonly #channels = new Map<string, Channel<unknown>>();
  readonly #leaving = new Map<Channel<unknown>, ReturnType<typeof setTimeout>>();
  readonly #channelHost: ChannelHost;
  #user: string | undefined;
  /** Whether it is known whose page it is, as far as it can be. */
  #isReady = false;
  #lastId = 0;

  constructor(host: ChannelRegistryHost, device: DeviceStorage) {
    this.#host = host;
    this.#device = device;
    this.#kept = new ChannelCacheWriter(device);
    this.#channelHost = {
      get isOpen() {
        return host.isOpen;
      },
      get staleness() {
        return host.staleness;
      },
      clock: host.clock,
      nextId: () => (this.#lastId += 1),
      send: (message) => host.send(message),
      applyOptimistic: (channel, tuples) => host.applyOptimistic(channel, tuples),
      touched: (channel) => this.#kept.touched(channel),
      forbidden: (channel) => this.#forbidden(channel),
    };
  }

  [Symbol.iterator](): IterableIterator<Channel<unknown>> {
    return this.#channels.values();
  }

  /** Watches; give it back with {@link leave}. */
  watch<T>(type: TupleType<T>, values: SelectorValues, isKept: boolean): Channel<T> {
    const sel = new TupleSelector(type.name, values).canonical();
    const channel = this.#channels.get(sel) ?? this.#make(type, sel);
    clearTimeout(this.#leaving.get(channel));
    this.#leaving.delete(channel);
    channel.watchers += 1;
    channel.isKept ||= isKept;
    // A selector says the name of its type, and there is one type of a name.
    return channel as Channel<T>;
  }

  /** The channel of a selector; undefined while nobody watches. */
  find(type: string, values: SelectorValues): Channel<unknown> | undefined {
    return this.#channels.get(new TupleSelector(type, values).canonical());
  }

  leave(channel: Channel<unknown>): void {
    channel.watchers -= 1;
    this.#host.staled();
    if (channel.watchers > 0 || this.#channels.get(channel.sel) !== channel) return;
    const timer = setTimeout(() => {
      this.#leaving.delete(channel);
      this.#channels.delete(channel.sel);
      this.#kept.flush();
      channel[Symbol.dispose]();
    }, lingerMs);
    this.#leaving.set(channel, timer);
  }

  /** It is known whose page it is; what is kept for them may be shown. Undefined: nobody's yet. */
  belongTo(user: string | undefined): void {
    const isOther = this.#user !== undefined && this.#user !== user;
    this.#user = user;
    this.#kept.user = user;
    const isFirst = !this.#isReady;
    this.#isReady = true;
    for (const channel of this.#channels.values()) {
      if (isOther) channel.reset();
      if (isOther || isFirst) this.#load(channel);
    }
  }

  opened(): void {
    for (const channel of this.#channels.values()) channel.opened();
  }

  cut(): void {
    for (const channel of this.#channels.values()) channel.cut();
  }

  upstream(): void {
    for (const channel of this.#channels.values()) channel.upstream();
  }

  /** What holds for all of them has changed. */
  refresh(): void {
    for (const channel of this.#channels.values()) channel.refresh();
  }

  /** Whether the service was asked for one, and has sent nothing of it yet. */
  get isAwaiting(): boolean {
    return this.#channels.values().some(({ isAsked }) => isAsked);
  }

  /** Takes a message of the service about one of them. */
  receive(message: Extract<ServerMessage, { readonly t: "on" | "off" | DataMessage["t"] }>): void {
    for (const channel of this.#channels.values()) {
      if (message.t === "on") {
        if (channel.id === message.id) return channel.accepted(message.c, message.key);
      } else if (message.t === "off") {
        if (channel.id === message.id) return channel.refused(message.code, message.msg);
      } else if (channel.number === message.c) return channel.receive(message);
    }
  }

  /** Set while something that is watched is stale for a reason of its own. */
  get staleness(): Staleness | undefined {
    let staleness: Staleness | undefined;
    for (const channel of this.#channels.values()) staleness = earlierStaleness(staleness, channel.staleness);
    return staleness;
  }

  /** Writes to the device what is not written yet. */
  flush(): void {
    this.#kept.flush();
  }

  [Symbol.dispose](): void {
    this.#kept[Symbol.dispose]();
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    this.#channels.clear();
  }

  #make<T>(type: TupleType<T>, sel: string): Channel<unknown> {
    const channel: Channel<unknown> = new Channel<unknown>(type, sel, this.#channelHost);
    this.#channels.set(sel, channel);
    if (this.#isReady) this.#load(channel);
    return channel;
  }

  #load(channel: Channel<unknown>): void {
    const user = this.#user;
    if (user === undefined) channel.load(undefined);
    else void this.#read(channel, user);
  }

  async #read(channel: Channel<unknown>, user: string): Promise<void> {
    const storage = await this.#device.storage;
    // What cannot be read is not there.
    const kept = await storage.channel(user, channel.sel).catch(() => undefined);
    if (this.#user === user && this.#channels.get(channel.sel) === channel) channel.load(kept);
  }

  #forbidden(channel: Channel<unknown>): void {
    const user = this.#user;
    this.#kept.forget(channel);
    if (user !== undefined) void this.#drop(user, channel.sel);
  }

  async #drop(user: string, sel: string): Promise<void> {
    const storage = await this.#device.storage;
    await storage.dropChannel(user, sel).catch(() => undefined);
  }
}
