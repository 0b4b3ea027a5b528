/** Runs at most a number of async functions at a time. The others wait in a FIFO queue. */
export class Semaphore {
  readonly #maxWaiting: number;
  /** In order of arrival. */
  readonly #waiting = new Set<() => void>();
  #free: number;

  /**
   * @param permits How many run at a time.
   * @param maxWaiting The bound of the queue for {@link tryRun}. Default: unbounded.
   */
  constructor(permits: number, maxWaiting: number = Infinity) {
    this.#free = permits;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs work as soon as a permit is free. Settles as the work.
   *
   * @param signal Ends the wait for a permit; it does not abort the work. Default: none.
   * @throws The signal's reason, without having run the work; the error of the work.
   */
  async run<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  /** As {@link run}; but resolves to undefined at once, without running the work, when the queue is full. */
  async tryRun<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    if (this.#free === 0 && this.#waiting.size >= this.#maxWaiting) return undefined;
    return await this.run(work);
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(proceed);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.add(proceed);
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    // A waiter gets the permit directly, so that no later caller overtakes it.
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
