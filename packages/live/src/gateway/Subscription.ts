import { isSamePosition, type Position, type Resume, type Staleness } from "@peek/live-protocol";
import { Frame } from "./Frame.ts";
import type { GatewaySession } from "./GatewaySession.ts";
import type { Outlet } from "./Outlet.ts";
import type { SharedChannel } from "./SharedChannel.ts";
import type { SharedFrame } from "./SharedFrame.ts";
import { toldOf } from "./signFrames.ts";

/** The connection that a {@link Subscription} is of. */
export interface Subscriber {
  readonly outlet: Outlet;
  readonly session: GatewaySession;
  /** Remembers one that is behind, until messages can be sent again. */
  lag(subscription: Subscription): void;
  /** Ends it, and tells the browser why. */
  refuse(subscription: Subscription, code: string, message: string): void;
  /** Asks anew whether it may go on. */
  readmit(subscription: Subscription): void;
  /** Does what takes time; given up when the connection is over. */
  run(work: (signal: AbortSignal) => Promise<void>): void;
}

/** What a browser watches: a channel, and how far it has been told of it. Nothing is queued for it. */
export class Subscription {
  /** The browser's number of it. */
  readonly id: number;
  readonly subscriber: Subscriber;
  /** Whether it is being asked whether it may. */
  isAsking = false;
  /** Whether that was not answered: it is asked again when its channel is live. */
  isUnsure = false;
  readonly #outlet: Outlet;
  #channel: SharedChannel | undefined;
  #at: Resume | undefined;
  #isOn = false;
  /** Whether the browser is to hear of the channel, even if nothing has changed: only then it is live. */
  #isOwed = true;
  /** What the browser was told of that the channel is stale. */
  #toldStaleness: Staleness | undefined;
  #isOver = false;

  /** @param at What the browser has from before. */
  constructor(id: number, subscriber: Subscriber, at: Resume | undefined) {
    this.id = id;
    this.subscriber = subscriber;
    this.#outlet = subscriber.outlet;
    this.#at = at;
  }

  /** Undefined before it has been let in. */
  get channel(): SharedChannel | undefined {
    return this.#channel;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lets it watch a channel; instead of another, if it did already. */
  watch(channel: SharedChannel): void {
    if (this.#channel !== undefined) {
      this.#channel.remove(this);
      // What it has is of a channel that it may not see.
      this.#at = undefined;
      this.#isOn = false;
      this.#isOwed = true;
      this.#toldStaleness = undefined;
    }
    this.#channel = channel;
    channel.add(this);
    this.bring();
  }

  /** Ends it, and tells the browser why. */
  refuse(code: string, message: string): void {
    this.subscriber.refuse(this, code, message);
  }

  end(): void {
    this.#isOver = true;
    this.#channel?.remove(this);
  }

  /** Has it told something of the channel the next time, also when nothing has changed. */
  owe(): void {
    this.#isOwed = true;
  }

  /** Has it told that what it has is right, as soon as that is known. */
  confirm(): void {
    this.#isOwed = true;
    this.bring();
  }

  /** Takes a message for those at `from`, if it is one of them and can be sent something; or has it catch up. */
  offer(from: Position, to: Position, frame: SharedFrame): void {
    const at = this.#at;
    const follows = this.#isOn && at !== undefined && (at === from || isSamePosition(at, from));
    if (follows && this.#channel?.stalenessAfter(this.#toldStaleness) === this.#toldStaleness) this.#tell(to, frame);
    else if (this.#outlet.isFree) this.bring();
    else this.subscriber.lag(this);
  }

  /** Brings it to where the channel is, as far as its connection takes what is sent. */
  bring(): void {
    const channel = this.#channel;
    if (channel === undefined || this.#isOver || !this.#turnOn(channel)) return;
    const outlet = this.#outlet;
    if (!outlet.isFree) return this.subscriber.lag(this);
    const staleness = channel.stalenessAfter(this.#toldStaleness);
    // Before what is not current, and not before what is.
    if (staleness !== undefined && staleness !== this.#toldStaleness) {
      this.#toldStaleness = staleness;
      outlet.reply(Frame.ofJson({ t: "stale", c: channel.number, ...toldOf(staleness) }));
    }
    for (const message of channel.catchUp(this.#at)) {
      if (!outlet.isFree) return this.subscriber.lag(this);
      if (!this.#tell(message.to, channel.frameOf(message))) return;
    }
    // It is where the channel is. When that is live later, it says so.
    if (!channel.isLive || channel.position === undefined) return;
    if (this.#isOwed) {
      if (!outlet.isFree) return this.subscriber.lag(this);
      this.#isOwed = false;
      outlet.send(channel.confirmation(channel.position));
    }
    if (staleness !== undefined || this.#toldStaleness === undefined) return;
    if (!outlet.isFree) return this.subscriber.lag(this);
    this.#toldStaleness = undefined;
    outlet.reply(Frame.ofJson({ t: "current", c: channel.number }));
  }

  /** Sends a message that follows on what it has been told; or returns false, and has it catch up later. */
  #tell(to: Position, frame: SharedFrame): boolean {
    if (!this.#outlet.send(frame)) {
      this.subscriber.lag(this);
      return false;
    }
    this.#at = to;
    this.#isOwed = false;
    return true;
  }

  /** Returns whether there is something to be told. */
  #turnOn(channel: SharedChannel): boolean {
    const { key, position, trouble } = channel;
    if (position === undefined && trouble !== undefined) {
      this.refuse(trouble.code, trouble.message);
      return false;
    }
    if (key === undefined) return false;
    if (!this.#isOn) {
      this.#isOn = true;
      this.#outlet.reply(Frame.ofJson({ t: "on", id: this.id, c: channel.number, key }));
    }
    return position !== undefined;
  }
}
