import type { PeekError } from "@peek/errors";
import type { Resume, Staleness } from "@peek/live-protocol";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

/** The channel of a {@link ChannelFollower}. */
export interface FollowedChannel {
  /** The first update. */
  readonly opening: ChannelUpdate;
  /** Whether the tuples are known, and include all changes that were made while nobody followed. */
  readonly isReady: boolean;
  /** Set while its tuples are not known to be current; by `performance.now()`. */
  readonly staleness: Staleness | undefined;
  /** The updates that bring a follower to the channel's position; none when it is there. */
  catchUp(at: Resume | undefined): readonly ChannelUpdate[];
  /** The update that confirms the tuples of a follower at the channel's position. */
  unchanged(): readonly ChannelUpdate[];
  /** The steps by which the channel came to its position. */
  history(): readonly ChannelUpdate[];
  /** A follower has ended. */
  left(follower: ChannelFollower): void;
}

type Result = IteratorResult<ChannelUpdate, undefined>;

const done: Result = { done: true, value: undefined };

/**
 * The updates of a channel for one gateway. It keeps a position and no queue of states: a gateway that reads slowly skips intermediate states
 * and receives the latest one.
 */
export class ChannelFollower implements AsyncIterableIterator<ChannelUpdate, undefined> {
  readonly #channel: FollowedChannel;
  #at: Resume | undefined;
  /** Updates that belong together and were begun; undefined before the first update. */
  #queue: ChannelUpdate[] | undefined;
  #isSynced = false;
  /** The staleness that was sent last. */
  #sentStaleness: Staleness | undefined;
  #failure: PeekError | undefined;
  #isOver = false;
  #waiting: PromiseWithResolvers<Result> | undefined;

  /** @param at The state that the gateway has from before. */
  constructor(channel: FollowedChannel, at: Resume | undefined) {
    this.#channel = channel;
    this.#at = at;
  }

  /** Whether the tuples were sent, or confirmed. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      throw failure;
    }
    if (this.#isOver) return done;
    const value = this.#take();
    if (value !== undefined) return { done: false, value };
    this.#waiting = Promise.withResolvers();
    return await this.#waiting.promise;
  }

  return(): Promise<Result> {
    this.#end();
    this.#waiting?.resolve(done);
    this.#waiting = undefined;
    this.#failure = undefined;
    return Promise.resolve(done);
  }

  /** The channel has changed. */
  wake(): void {
    if (this.#waiting === undefined) return;
    const value = this.#take();
    if (value === undefined) return;
    this.#waiting.resolve({ done: false, value });
    this.#waiting = undefined;
  }

  /** Ends it with an error. */
  fail(error: PeekError): void {
    if (this.#isOver) return;
    this.#end();
    if (this.#waiting === undefined) this.#failure = error;
    else this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue = [];
    this.#channel.left(this);
  }

  #take(): ChannelUpdate | undefined {
    if (this.#queue === undefined) {
      this.#queue = [];
      return this.#channel.opening;
    }
    const { staleness } = this.#channel;
    // Before tuples that are not current, and not before those that are.
    if (staleness !== undefined && staleness !== this.#sentStaleness) {
      this.#sentStaleness = staleness;
      return { k: "stale", age: Math.max(0, performance.now() - staleness.at), why: staleness.reason };
    }
    if (this.#queue.length === 0 && this.#channel.isReady) this.#queue = this.#due();
    const update = this.#queue.shift();
    if (update === undefined && staleness === undefined && this.#sentStaleness !== undefined) {
      this.#sentStaleness = undefined;
      return { k: "current" };
    }
    // The history before a snapshot does not move the gateway.
    if (update !== undefined && "o" in update && update.k !== "history") {
      this.#at = { epoch: update.e, offset: update.o };
    }
    return update;
  }

  #due(): ChannelUpdate[] {
    const due = this.#channel.catchUp(this.#at);
    if (this.#isSynced) return [...due];
    this.#isSynced = true;
    if (due.length === 0) return [...this.#channel.unchanged()];
    return due.some(({ k }) => k === "snapshot") ? [...this.#channel.history(), ...due] : [...due];
  }
}
