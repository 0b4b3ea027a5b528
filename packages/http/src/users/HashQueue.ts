/** Each takes 19 MiB and a core. */
const atATime = 2;
const maxWaiting = 50;

/** Takes turns at what is dear, and sends away who would wait too long. */
export class HashQueue {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @returns undefined when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= atATime) {
      if (this.#waiting.length >= maxWaiting) return undefined;
      // Whoever ends hands on its place.
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
