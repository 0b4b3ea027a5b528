import type { ChannelUpdate } from "../../rpc/ObservablesRpc.ts";

type Updates = AsyncIterableIterator<ChannelUpdate, undefined>;
type Result = IteratorResult<ChannelUpdate, undefined>;

const lapsed: Result = { done: false, value: { k: "lapsed" } };
const done: Result = { done: true, value: undefined };

/** The updates of a channel, sent on behalf of a session. When the session ends, `lapsed` is the last update. */
export class SessionStream implements Updates {
  readonly #open: () => Promise<Updates | undefined>;
  readonly #onEnd: (stream: SessionStream) => void;
  #updates: Updates | undefined;
  #isLapsed = false;
  #isOver = false;

  /**
   * @param open Opens the updates; undefined when the session may not follow them.
   * @param onEnd Called once.
   */
  constructor(open: () => Promise<Updates | undefined>, onEnd: (stream: SessionStream) => void) {
    this.#open = open;
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#isOver) return done;
    try {
      this.#updates ??= await this.#opened();
      // Meanwhile it may have been closed, or the session may have ended.
      if (this.#isOver) return done;
      if (this.#updates === undefined || this.#isLapsed) return this.#last(lapsed);
      const result = await this.#updates.next();
      if (this.#isLapsed) return this.#last(lapsed);
      return result.done === true ? this.#last(done) : result;
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#end();
    await this.#updates?.return?.();
    return done;
  }

  /** The session has ended. */
  lapse(): void {
    if (this.#isOver || this.#isLapsed) return;
    this.#isLapsed = true;
    // A reader that waits for the next update receives it.
    void this.#updates?.return?.();
  }

  async #opened(): Promise<Updates | undefined> {
    const updates = await this.#open();
    if (this.#isOver) void updates?.return?.();
    return updates;
  }

  #last(result: Result): Result {
    if (this.#isOver) return done;
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
