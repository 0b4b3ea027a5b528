import { pluginUpdating } from "../../channel/pluginUpdating.ts";
import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

type Updates = AsyncIterableIterator<ChannelUpdate, undefined>;
type Result = IteratorResult<ChannelUpdate, undefined>;

const stale: Result = { done: false, value: { k: "stale", age: 0, why: pluginUpdating } };
const lapsed: Result = { done: false, value: { k: "lapsed" } };
const done: Result = { done: true, value: undefined };

/**
 * The updates of a channel whose plugin is suspended: `stale` at once, and the channel's updates when the plugin is resumed. The first
 * update shows the gateway that the stream is open, so that it goes on to open others.
 */
export class HeldUpdates implements Updates {
  readonly #resumed: Promise<void>;
  readonly #open: () => Promise<Updates | undefined>;
  readonly #over = Promise.withResolvers<void>();
  #updates: Updates | undefined;
  #isAnnounced = false;
  #isOver = false;

  /** @param open Opens the updates when the plugin was resumed; undefined when the session may not follow them. */
  constructor(resumed: Promise<void>, open: () => Promise<Updates | undefined>) {
    this.#resumed = resumed;
    this.#open = open;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#isOver) return done;
    if (!this.#isAnnounced) {
      this.#isAnnounced = true;
      return stale;
    }
    if (this.#updates !== undefined) return await this.#updates.next();
    await Promise.race([this.#resumed, this.#over.promise]);
    // It was ended meanwhile.
    if (this.#isOver) return done;
    const updates = await this.#open();
    if (this.#isOver) {
      await updates?.return?.();
      return done;
    }
    if (updates === undefined) {
      this.#isOver = true;
      return lapsed;
    }
    this.#updates = updates;
    return await updates.next();
  }

  async return(): Promise<Result> {
    this.#isOver = true;
    this.#over.resolve();
    await this.#updates?.return?.();
    return done;
  }
}
