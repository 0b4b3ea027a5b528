import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

type Updates = AsyncIterableIterator<ChannelUpdate, undefined>;
type Result = IteratorResult<ChannelUpdate, undefined>;

const lapsed: Result = { done: false, value: { k: "lapsed" } };
const over: Result = { done: true, value: undefined };

/** A channel that a service follows in the name of a session: when that ends, it is told so, and nothing more. */
export class SponsoredStream implements Updates {
  readonly #begin: () => Promise<Updates | undefined>;
  readonly #onEnd: (stream: SponsoredStream) => void;
  #updates: Updates | undefined;
  #isLapsed = false;
  #isOver = false;

  /**
   * @param begin Looks whether the session may follow; gives undefined when it may not.
   * @param onEnd Called once.
   */
  constructor(begin: () => Promise<Updates | undefined>, onEnd: (stream: SponsoredStream) => void) {
    this.#begin = begin;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#isOver) return over;
    try {
      this.#updates ??= await this.#opened();
      // It may have lapsed, or have been left, meanwhile.
      if (this.#isOver) return over;
      if (this.#updates === undefined || this.#isLapsed) return this.#last(lapsed);
      const result = await this.#updates.next();
      if (this.#isLapsed) return this.#last(lapsed);
      return result.done === true ? this.#last(over) : result;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#end();
    await this.#updates?.return?.();
    return over;
  }

  /** The session has ended. */
  lapse(): void {
    if (this.#isOver || this.#isLapsed) return;
    this.#isLapsed = true;
    // Whoever waits for the next update is told.
    void this.#updates?.return?.();
  }

  async #opened(): Promise<Updates | undefined> {
    const updates = await this.#begin();
    if (this.#isOver) void updates?.return?.();
    return updates;
  }

  #last(result: Result): Result {
    if (this.#isOver) return over;
    this.#end();
    void this.#updates?.return?.();
    return result;
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd(this);
  }
}
