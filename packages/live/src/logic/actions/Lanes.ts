/** Work by lanes: what is of one lane is done one after the other, in the order in which it came. */
export class Lanes {
  /** The last of each lane that has any. */
  readonly #last = new Map<string, Promise<unknown>>();
  #size = 0;

  /** How much is under way or waits. */
  get size(): number {
    return this.#size;
  }

  /** Does work when all that came before it in its lane has settled, however it did. */
  async take<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    this.#size += 1;
    const before = this.#last.get(lane);
    const done = before === undefined ? work() : before.then(work);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(lane, settled);
    try {
      return await done;
    } finally {
      this.#size -= 1;
      if (this.#last.get(lane) === settled) this.#last.delete(lane);
    }
  }
}
