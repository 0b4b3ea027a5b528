import type { TupleSelector } from "@peek/plugin-base/contracts";
import { channelKey } from "../channel/channelKey.ts";
import type { ChannelSource } from "./proxy/ChannelSource.ts";
import { SharedChannel } from "./SharedChannel.ts";
import type { SharedFrames } from "./SharedFrames.ts";
import type { Subscription } from "./Subscription.ts";

/** Of all channels of a selector, which one is meant; as an admission says. */
export interface Place {
  readonly scope: string;
  readonly guarded: boolean;
}

/** The channels that browsers watch, each followed once. */
export class ChannelTable implements Disposable {
  readonly #source: ChannelSource;
  readonly #frames: SharedFrames;
  readonly #channels = new Map<string, SharedChannel>();

  constructor(source: ChannelSource, frames: SharedFrames) {
    this.#source = source;
    this.#frames = frames;
  }

  get size(): number {
    return this.#channels.size;
  }

  /** Whether somebody watches the channel of a selector and an admission. */
  has(selector: TupleSelector, { scope, guarded }: Place): boolean {
    return this.#channels.has(channelKey(selector.canonical(), scope, guarded));
  }

  /** The channel of a selector and an admission. It has to be {@link release}d when whoever has asked does not watch it. */
  get(selector: TupleSelector, { scope, guarded }: Place): SharedChannel {
    const key = channelKey(selector.canonical(), scope, guarded);
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new SharedChannel(selector, scope, guarded, this.#source, this.#frames);
      this.#channels.set(key, channel);
    }
    return channel;
  }

  /** Forgets a channel that nobody watches. */
  release(channel: SharedChannel): void {
    if (channel.subscriptions.size > 0) return;
    const key = channelKey(channel.selector.canonical(), channel.scope, channel.guarded);
    if (this.#channels.get(key) !== channel) return;
    this.#channels.delete(key);
    channel[Symbol.dispose]();
  }

  /** Who watches. @param observable Undefined: any. */
  subscriptions(observable?: string): readonly Subscription[] {
    const all: Subscription[] = [];
    for (const { selector, subscriptions } of this.#channels.values()) {
      if (observable !== undefined && selector.name !== observable) continue;
      for (const each of subscriptions) all.push(each);
    }
    return all;
  }

  [Symbol.dispose](): void {
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    this.#channels.clear();
  }
}
