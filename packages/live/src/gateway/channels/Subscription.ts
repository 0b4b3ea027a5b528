import type { TupleSelector } from "@peek/plugin-base/contracts";
import { isSamePosition, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import type { FrameWriter } from "../frames/FrameWriter.ts";
import { Frame } from "../frames/Frame.ts";
import type { GatewaySession } from "../GatewaySession.ts";
import { ageOf } from "../ageOf.ts";
import type { ChannelMessage } from "./ChannelMessage.ts";
import type { ChannelSubscriber, GatewayChannel } from "./GatewayChannel.ts";

/** The connection of a {@link Subscription}. */
export interface SubscriptionOwner {
  readonly writer: FrameWriter;
  readonly session: GatewaySession;
  /** Remembers a subscription that is behind: {@link Subscription.catchUp} is called when messages can be sent again. */
  lag(subscription: Subscription): void;
  /** Ends a subscription, and notifies the browser of the reason. */
  refuse(subscription: Subscription, code: string, message: string): void;
  /** Asks logic again whether a subscription may watch. */
  readmit(subscription: Subscription): void;
}

/** The interest of one browser in one channel, and the position that it was brought to. No messages are queued for it. */
export class Subscription implements ChannelSubscriber {
  /** The browser's number of it. */
  readonly id: number;
  /** Whether logic is being asked whether it may watch. */
  isPending = false;
  readonly #owner: SubscriptionOwner;
  /** Until there is a channel, which has it too. */
  #selector: TupleSelector | undefined;
  #channel: GatewayChannel | undefined;
  #at: Resume | undefined;
  /** Whether the browser knows the channel's number. */
  #isAnnounced = false;
  /** Whether the browser keeps the tuples that it has, which are stale, until there are others. */
  #awaitsTuples = false;
  /** Whether the browser has to be sent something of the channel, even if nothing has changed: only then it is live. */
  #needsConfirmation = true;
  /** The staleness that the browser was last notified of. */
  #sentStaleness: Staleness | undefined;
  /** Whether it is admitted anew when its channel is live. */
  #isUnsure = false;
  #isOver = false;

  /** @param at The state that the browser has from before. */
  constructor(id: number, owner: SubscriptionOwner, selector: TupleSelector, at: Resume | undefined) {
    this.id = id;
    this.#owner = owner;
    this.#selector = selector;
    this.#at = at;
  }

  get session(): GatewaySession {
    return this.#owner.session;
  }

  get selector(): TupleSelector {
    const selector = this.#channel?.selector ?? this.#selector;
    if (selector === undefined) throw new Error("A subscription has a selector or a channel");
    return selector;
  }

  /** Undefined before it was admitted. */
  get channel(): GatewayChannel | undefined {
    return this.#channel;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Watches a channel; instead of another one, if there was one. */
  watch(channel: GatewayChannel): void {
    if (this.#channel !== undefined) {
      this.#channel.unsubscribe(this);
      // The browser has the tuples of a channel that it may not see any more.
      this.#at = undefined;
      this.#isAnnounced = false;
      this.#needsConfirmation = true;
      this.#sentStaleness = undefined;
    }
    this.#channel = channel;
    this.#selector = undefined;
    channel.subscribe(this);
    this.catchUp();
  }

  /** Ends it, and notifies the browser of the reason. */
  refuse(code: string, message: string): void {
    this.#owner.refuse(this, code, message);
  }

  readmit(): void {
    // A pending admission repeats its own request.
    if (this.isPending || this.#isOver) return;
    this.#isUnsure = false;
    this.#owner.readmit(this);
  }

  /** Has it admitted anew as soon as its channel is live. */
  readmitWhenLive(): void {
    if (this.#channel?.isLive === true) this.readmit();
    else this.#isUnsure = true;
  }

  end(): void {
    this.#isOver = true;
    this.#channel?.unsubscribe(this);
  }

  /** Confirms to the browser that its tuples are current, as soon as that is known. */
  confirm(): void {
    this.#needsConfirmation = true;
    this.catchUp();
  }

  onLive(): void {
    this.#needsConfirmation = true;
    if (this.#isUnsure) this.readmit();
  }

  onRestart(): void {
    this.#at = undefined;
    this.#isAnnounced = false;
    this.#awaitsTuples = true;
    this.#needsConfirmation = true;
    this.#sentStaleness = undefined;
  }

  onStatus(): void {
    this.catchUp();
  }

  onMessage(from: Position, message: ChannelMessage, isLogicStale: boolean): void {
    const at = this.#at;
    const follows = this.#isAnnounced && at !== undefined && (at === from || isSamePosition(at, from));
    const isKnown = isLogicStale || this.#channel?.staleness === this.#sentStaleness;
    if (follows && isKnown) this.#send(message);
    else if (this.#owner.writer.isFree) this.catchUp();
    else this.#owner.lag(this);
  }

  /** Brings the browser to where the channel is, as far as its connection accepts messages. */
  catchUp(): void {
    const channel = this.#channel;
    if (channel === undefined || this.#isOver || !this.#announce(channel)) return;
    const { writer } = this.#owner;
    if (!writer.isFree) return this.#owner.lag(this);
    // While logic is not reached, of which the connection notifies the browser, the staleness of the channel stays as it was sent.
    const staleness = channel.isLogicStale ? this.#sentStaleness : channel.staleness;
    // Before tuples that are not current, and not before those that are.
    if (staleness !== undefined && staleness !== this.#sentStaleness) {
      this.#sentStaleness = staleness;
      writer.reply(Frame.ofJson({ t: "stale", c: channel.number, ...ageOf(staleness) }));
    }
    for (const message of channel.catchUp(this.#at)) {
      if (!writer.isFree) return this.#owner.lag(this);
      if (!this.#send(message)) return;
    }
    // It is where the channel is. When that is live later, it says so.
    if (!channel.isLive) return;
    if (this.#needsConfirmation) {
      if (!writer.isFree) return this.#owner.lag(this);
      this.#needsConfirmation = false;
      for (const { frame } of channel.confirmation()) writer.send(frame);
    }
    if (staleness !== undefined || this.#sentStaleness === undefined) return;
    if (!writer.isFree) return this.#owner.lag(this);
    this.#sentStaleness = undefined;
    writer.reply(Frame.ofJson({ t: "current", c: channel.number }));
  }

  /** Sends a message that follows on the browser's position. Returns false when it has to catch up later. */
  #send(message: ChannelMessage): boolean {
    if (!this.#owner.writer.send(message.frame)) {
      this.#owner.lag(this);
      return false;
    }
    this.#at = message.to;
    this.#needsConfirmation = false;
    return true;
  }

  /** Notifies the browser of the channel's number, or of its trouble. Returns whether there are tuples to send. */
  #announce(channel: GatewayChannel): boolean {
    const { key, position, trouble } = channel;
    if (position === undefined && trouble !== undefined) {
      this.refuse(trouble.code, trouble.message);
      return false;
    }
    if (key === undefined || (this.#awaitsTuples && position === undefined)) return false;
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      this.#awaitsTuples = false;
      this.#owner.writer.reply(Frame.ofJson({ t: "on", id: this.id, c: channel.number, key }));
    }
    return position !== undefined;
  }
}
