import { type TupleType, TupleSelector, type SelectorValues } from "@peek/plugin-base/contracts";
import { earlierStaleness, type ServerMessage, type Staleness } from "@peek/live-protocol";
import type { DeviceStorage } from "../storage/DeviceStorage.ts";
import { Channel, type ChannelHost, type ChannelMessage } from "./Channel.ts";
import { ChannelCacheWriter } from "./ChannelCacheWriter.ts";

/** How long a channel stays subscribed after its last subscriber has left: often the next one comes at once. */
const lingerMs = 500;

/** The services of the client that the channels use. */
export interface ChannelRegistryHost extends Omit<ChannelHost, "nextId" | "changed" | "forbidden"> {
  /** {@link ChannelRegistry.staleness} may have changed. */
  stalenessChanged(): void;
}

/** The channels that the page subscribes to, by selector. */
export class ChannelRegistry implements Disposable {
  readonly #host: ChannelRegistryHost;
  readonly #device: DeviceStorage;
  readonly #cacheWriter: ChannelCacheWriter;
  readonly #channels = new Map<string, Channel<unknown>>();
  readonly #leaving = new Map<Channel<unknown>, ReturnType<typeof setTimeout>>();
  readonly #channelHost: ChannelHost;
  #user: string | undefined;
  /** Whether the page's user is known, as far as it can be before the service has answered. */
  #isReady = false;
  #lastId = 0;

  constructor(host: ChannelRegistryHost, device: DeviceStorage) {
    this.#host = host;
    this.#device = device;
    this.#cacheWriter = new ChannelCacheWriter(device);
    this.#channelHost = {
      ...host,
      nextId: () => (this.#lastId += 1),
      changed: (channel) => this.#cacheWriter.changed(channel),
      forbidden: (channel) => this.#forbidden(channel),
    };
  }

  [Symbol.iterator](): IterableIterator<Channel<unknown>> {
    return this.#channels.values();
  }

  /** Adds a subscriber; {@link leave} removes it. */
  join<T>(type: TupleType<T>, values: SelectorValues, isCached: boolean): Channel<T> {
    const sel = new TupleSelector(type.name, values).canonical();
    const channel = this.#channels.get(sel) ?? this.#create(type, sel);
    clearTimeout(this.#leaving.get(channel));
    this.#leaving.delete(channel);
    channel.subscribers += 1;
    channel.isCached ||= isCached;
    // A selector contains the name of its type, and names of types are unique.
    return channel as Channel<T>;
  }

  /** The channel of a selector; undefined without subscribers. */
  find(type: string, values: SelectorValues): Channel<unknown> | undefined {
    return this.#channels.get(new TupleSelector(type, values).canonical());
  }

  leave(channel: Channel<unknown>): void {
    channel.subscribers -= 1;
    this.#host.stalenessChanged();
    if (channel.subscribers > 0 || this.#channels.get(channel.sel) !== channel) return;
    const timer = setTimeout(() => {
      this.#leaving.delete(channel);
      this.#channels.delete(channel.sel);
      this.#cacheWriter.flush();
      channel[Symbol.dispose]();
    }, lingerMs);
    this.#leaving.set(channel, timer);
  }

  /** Sets the user whose cached data may be shown. @param user Undefined: nobody, until the service has answered. */
  setUser(user: string | undefined): void {
    const isOther = this.#user !== undefined && this.#user !== user;
    this.#user = user;
    this.#cacheWriter.user = user;
    const isFirst = !this.#isReady;
    this.#isReady = true;
    for (const channel of this.#channels.values()) {
      if (isOther) channel.reset();
      if (isOther || isFirst) this.#load(channel);
    }
  }

  connected(): void {
    for (const channel of this.#channels.values()) channel.subscription.request();
  }

  disconnected(): void {
    for (const channel of this.#channels.values()) channel.disconnected();
  }

  /** The service has lost or reached logic. */
  upstreamChanged(): void {
    for (const channel of this.#channels.values()) channel.upstreamChanged();
  }

  /** Computes the state of all channels again. */
  refresh(): void {
    for (const channel of this.#channels.values()) channel.refresh();
  }

  /** Whether the service has to send the state of a channel next. */
  get isAwaitingState(): boolean {
    return this.#channels.values().some(({ subscription }) => subscription.isUnanswered);
  }

  /** Passes a message to the channel that it concerns. */
  receive(message: Extract<ServerMessage, { readonly t: "on" | "off" | ChannelMessage["t"] }>): void {
    for (const channel of this.#channels.values()) {
      const { id, number } = channel.subscription;
      if (message.t === "on") {
        if (id === message.id) return channel.confirmed(message.c, message.key);
      } else if (message.t === "off") {
        if (id === message.id) return channel.refused(message.code, message.msg);
      } else if (number === message.c) return channel.receive(message);
    }
  }

  /** Set while a channel with subscribers is stale, but not the whole service. */
  get staleness(): Staleness | undefined {
    let staleness: Staleness | undefined;
    for (const channel of this.#channels.values()) staleness = earlierStaleness(staleness, channel.staleness);
    return staleness;
  }

  /** Writes all changes to the device's cache now. */
  flush(): void {
    this.#cacheWriter.flush();
  }

  [Symbol.dispose](): void {
    this.#cacheWriter[Symbol.dispose]();
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    this.#channels.clear();
  }

  #create<T>(type: TupleType<T>, sel: string): Channel<unknown> {
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
    const storage = await this.#device.backend;
    // An unreadable entry is as good as none.
    const cached = await storage.cachedChannel(user, channel.sel).catch(() => undefined);
    if (this.#user === user && this.#channels.get(channel.sel) === channel) channel.load(cached);
  }

  #forbidden(channel: Channel<unknown>): void {
    const user = this.#user;
    this.#cacheWriter.forget(channel);
    if (user !== undefined) void this.#drop(user, channel.sel);
  }

  async #drop(user: string, sel: string): Promise<void> {
    const storage = await this.#device.backend;
    await storage.dropChannel(user, sel).catch(() => undefined);
  }
}
