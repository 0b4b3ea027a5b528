type Change = { readonly observable: string };
type Result = IteratorResult<Change, undefined>;

const done: Result = { done: true, value: undefined };

/** The names of observables whose rights have changed, for one gateway. Each name is queued once, however slowly it reads. */
export class RightsChangeStream implements AsyncIterableIterator<Change, undefined> {
  readonly #names: Set<string>;
  readonly #onEnd: (stream: RightsChangeStream) => void;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #isOver = false;

  /** @param names The first names. */
  constructor(names: Iterable<string>, onEnd: (stream: RightsChangeStream) => void) {
    this.#names = new Set(names);
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(observable: string): void {
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
    this.#waiting?.resolve(done);
    this.#waiting = undefined;
    return Promise.resolve(done);
  }

  #take(): Result {
    const [observable] = this.#names;
    if (observable === undefined) return done;
    this.#names.delete(observable);
    return { done: false, value: { observable } };
  }
}
