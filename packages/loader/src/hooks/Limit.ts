/** Lets so much work be under way at once, and keeps the rest waiting in order. */
export class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Runs work once there is room for it.
   *
   * @param work Is handed a function that makes room for the next before the work has ended.
   */
  async run<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    let inside = true;
    const leave = (): void => {
      if (!inside) return;
      inside = false;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }
}
