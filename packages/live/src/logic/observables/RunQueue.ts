/** Something that wants to run. */
export interface Runnable {
  /** Runs. Never rejects. */
  run(): Promise<void>;
}

/** How many providers of one plugin run at a time. */
const defaultLimit = 16;

/** Has things run one after the other, a few at a time, in the order in which they asked. */
export class RunQueue {
  readonly #limit: number;
  readonly #waiting = new Set<Runnable>();
  #running = 0;

  constructor(limit: number = defaultLimit) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Asks for a turn. One that waits for its turn already has one turn all the same. */
  push(runnable: Runnable): void {
    this.#waiting.add(runnable);
    this.#serve();
  }

  delete(runnable: Runnable): void {
    this.#waiting.delete(runnable);
  }

  #serve(): void {
    for (const runnable of this.#waiting) {
      if (this.#running >= this.#limit) return;
      this.#waiting.delete(runnable);
      this.#running += 1;
      void this.#run(runnable);
    }
  }

  async #run(runnable: Runnable): Promise<void> {
    await runnable.run();
    this.#running -= 1;
    this.#serve();
  }
}
