import type { TupleSelector } from "@peek/plugin-base/contracts";
import type { ChannelMessage, ChannelSource, FollowedChannel } from "./proxy/ChannelSource.ts";
import { messageWriter } from "./proxy/messageWriter.ts";
import { isSamePosition, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import type { SharedFrame } from "./SharedFrame.ts";
import type { SharedFrames } from "./SharedFrames.ts";
import type { Subscription } from "./Subscription.ts";

/** A channel, and all who watch it through this gateway. */
export class SharedChannel implements Disposable {
  readonly selector: TupleSelector;
  readonly scope: string;
  readonly guarded: boolean;
  readonly #source: ChannelSource;
  readonly #channel: FollowedChannel;
  readonly #frames: SharedFrames;
  readonly #subscriptions = new Set<Subscription>();
  readonly #listening: Disposable;
  #wasLive: boolean;
  /** That what there is at a position is right. */
  #confirmation: ChannelMessage | undefined;

  /** @throws What {@link ChannelSource.follow} throws. */
  constructor(selector: TupleSelector, scope: string, guarded: boolean, source: ChannelSource, frames: SharedFrames) {
    this.selector = selector;
    this.scope = scope;
    this.guarded = guarded;
    this.#source = source;
    this.#channel = source.follow(selector, scope, guarded, (except) => this.#sponsor(except));
    this.#frames = frames;
    this.#wasLive = this.#channel.isLive;
    this.#listening = this.#channel.onChange((change) => this.#onChange(change));
  }

  get number(): number {
    return this.#channel.number;
  }

  get key(): readonly string[] | undefined {
    return this.#channel.key;
  }

  get position(): Position | undefined {
    return this.#channel.position;
  }

  get isLive(): boolean {
    return this.#channel.isLive;
  }

  /**
   * Set while its tuples are not known to be current, for a reason of its own.
   *
   * @param told What whoever asks was told of it last, which holds while nothing is known of logic: that is told on its own.
   */
  stalenessAfter(told: Staleness | undefined): Staleness | undefined {
    return this.#source.staleness === undefined ? this.#channel.staleness : told;
  }

  get trouble(): FollowedChannel["trouble"] {
    return this.#channel.trouble;
  }

  get subscriptions(): ReadonlySet<Subscription> {
    return this.#subscriptions;
  }

  add(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  catchUp(at: Resume | undefined): readonly ChannelMessage[] {
    return this.#channel.catchUp(at);
  }

  frameOf(message: ChannelMessage): SharedFrame {
    return this.#frames.of(message);
  }

  /** Says that whoever is at a position has what there is. */
  confirmation(to: Position): SharedFrame {
    const before = this.#confirmation;
    const confirmation =
      before !== undefined && isSamePosition(before.to, to) ? before : messageWriter(this.number).unchanged(to);
    this.#confirmation = confirmation;
    return this.#frames.of(confirmation);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#channel[Symbol.dispose]();
  }

  /** A session of one who watches. */
  #sponsor(except: string | undefined): string | undefined {
    let second: string | undefined;
    for (const { subscriber } of this.#subscriptions) {
      const { proof, ended } = subscriber.session;
      if (ended.aborted) continue;
      if (proof !== except) return proof;
      second = proof;
    }
    return second;
  }

  #onLive(): void {
    for (const each of this.#subscriptions) {
      each.owe();
      if (each.isUnsure) each.subscriber.readmit(each);
    }
  }

  #onChange(change: { readonly from: Position; readonly message: ChannelMessage } | undefined): void {
    const isLive = this.#channel.isLive;
    if (isLive && !this.#wasLive) this.#onLive();
    this.#wasLive = isLive;
    if (change === undefined) {
      for (const each of this.#subscriptions) each.bring();
      return;
    }
    const { from, message } = change;
    const frame = this.#frames.of(message);
    for (const each of this.#subscriptions) each.offer(from, message.to, frame);
  }
}
