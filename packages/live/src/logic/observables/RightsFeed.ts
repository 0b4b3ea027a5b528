type Change = { readonly observable: string };
type Result = IteratorResult<Change, undefined>;

const over: Result = { done: true, value: undefined };

/** Names of observables whose rights have changed, for one who is told. Each is kept once, however slow that one is. */
export class RightsFeed implements AsyncIterableIterator<Change, undefined> {
  readonly #names: Set<string>;
  readonly #onEnd: (feed: RightsFeed) => void;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #isOver = false;

  /** @param names The first that it tells. */
  constructor(names: Iterable<string>, onEnd: (feed: RightsFeed) => void) {
    this.#names = new Set(names);
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  tell(observable: string): void {
    if (this.#isOver) return;
    this.#names.add(observable);
    if (this.#waiting === undefined) return;
    this.#waiting.resolve(this.#take());
    this.#waiting = undefined;
  }

  async next(): Promise<Result> {
    if (this.#isOver || this.#names.size > 0) return this.#take();
    this.#waiting = Promise.withResolvers();
    return await this.#waiting.promise;
  }

  return(): Promise<Result> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#names.clear();
      this.#onEnd(this);
    }
    this.#waiting?.resolve(over);
    this.#waiting = undefined;
    return Promise.resolve(over);
  }

  #take(): Result {
    const [observable] = this.#names;
    if (observable === undefined) return over;
    this.#names.delete(observable);
    return { done: false, value: { observable } };
  }
}
