/** Lets so many do something at a time; the others wait for their turn, however long that takes. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param places How many at a time. */
  constructor(places: number) {
    this.#free = places;
  }

  /** Does work when it has its turn. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes from hand to hand, so that nobody who comes now is before those who wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
