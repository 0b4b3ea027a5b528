/** Runs work in lanes: the work of one lane runs one after the other, in the order of its arrival. */
export class LaneQueue {
  /** The last work of each lane that has any. */
  readonly #last = new Map<string, Promise<unknown>>();
  #size = 0;

  /** How much work runs or waits. */
  get size(): number {
    return this.#size;
  }

  /** Runs work when all earlier work of its lane has settled. Settles as the work. */
  async run<Result>(lane: string, work: () => Promise<Result>): Promise<Result> {
    this.#size += 1;
    const before = this.#last.get(lane);
    const running = before === undefined ? work() : before.then(work);
    const settled = running.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(lane, settled);
    try {
      return await running;
    } finally {
      this.#size -= 1;
      if (this.#last.get(lane) === settled) this.#last.delete(lane);
    }
  }
}
