/** So many may do something at a time; the others wait, the first first, and no more than may. */
export class Semaphore {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime: number, maxWaiting: number) {
    this.#free = atATime;
    this.#maxWaiting = maxWaiting;
  }

  /** Does work when it is its turn. Returns undefined, at once, when too many wait. */
  async take<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length >= this.#maxWaiting) return undefined;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
