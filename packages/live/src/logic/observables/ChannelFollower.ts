import type { PeekError } from "@peek/errors";
import type { Resume, Staleness } from "@peek/live-protocol";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

/** What a follower needs of its channel. */
export interface Followed {
  /** The first that it is told. */
  readonly opening: ChannelUpdate;
  /** Whether the tuples are known, and nothing has changed since that nobody has looked at. */
  readonly isReady: boolean;
  /** Set while what it has is not known to be current; by `performance.now()`. */
  readonly staleness: Staleness | undefined;
  /** What brings it to where the channel is; nothing when it is there. */
  catchUp(at: Resume | undefined): readonly ChannelUpdate[];
  /** That what it has is right. */
  unchanged(): readonly ChannelUpdate[];
  /** How the channel came to where it is. */
  history(): readonly ChannelUpdate[];
  /** It does not follow any more. */
  left(follower: ChannelFollower): void;
}

type Result = IteratorResult<ChannelUpdate, undefined>;

const over: Result = { done: true, value: undefined };

/**
 * What another service is told of a channel. It keeps where it is, never what it is to be told: one that is slow is told what
 * has become of it on the whole.
 */
export class ChannelFollower implements AsyncIterableIterator<ChannelUpdate, undefined> {
  readonly #channel: Followed;
  #at: Resume | undefined;
  /** What was begun to be told; undefined: nothing yet. */
  #next: ChannelUpdate[] | undefined;
  #isIn = false;
  /** What it was told of that the channel is stale. */
  #toldStaleness: Staleness | undefined;
  #failure: PeekError | undefined;
  #isOver = false;
  #waiting: PromiseWithResolvers<Result> | undefined;

  /** @param at What it has from before. */
  constructor(channel: Followed, at: Resume | undefined) {
    this.#channel = channel;
    this.#at = at;
  }

  /** Whether it has been told what there is. */
  get isIn(): boolean {
    return this.#isIn;
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
    if (this.#isOver) return over;
    const value = this.#take();
    if (value !== undefined) return { done: false, value };
    this.#waiting = Promise.withResolvers();
    return await this.#waiting.promise;
  }

  return(): Promise<Result> {
    this.#end();
    this.#waiting?.resolve(over);
    this.#waiting = undefined;
    this.#failure = undefined;
    return Promise.resolve(over);
  }

  /** The channel has changed. */
  wake(): void {
    if (this.#waiting === undefined) return;
    const value = this.#take();
    if (value === undefined) return;
    this.#waiting.resolve({ done: false, value });
    this.#waiting = undefined;
  }

  /** There is nothing to follow. */
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
    this.#next = [];
    this.#channel.left(this);
  }

  #take(): ChannelUpdate | undefined {
    if (this.#next === undefined) {
      this.#next = [];
      return this.#channel.opening;
    }
    const { staleness } = this.#channel;
    // Before what is not current, and not before what is.
    if (staleness !== undefined && staleness !== this.#toldStaleness) {
      this.#toldStaleness = staleness;
      return { k: "stale", age: Math.max(0, performance.now() - staleness.at), why: staleness.reason };
    }
    if (this.#next.length === 0 && this.#channel.isReady) this.#next = this.#due();
    const update = this.#next.shift();
    if (update === undefined && staleness === undefined && this.#toldStaleness !== undefined) {
      this.#toldStaleness = undefined;
      return { k: "current" };
    }
    // What comes before the snapshot is about others.
    if (update !== undefined && "o" in update && update.k !== "history") {
      this.#at = { epoch: update.e, offset: update.o };
    }
    return update;
  }

  #due(): ChannelUpdate[] {
    const due = this.#channel.catchUp(this.#at);
    if (this.#isIn) return [...due];
    this.#isIn = true;
    if (due.length === 0) return [...this.#channel.unchanged()];
    return due.some(({ k }) => k === "snapshot") ? [...this.#channel.history(), ...due] : [...due];
  }
}
