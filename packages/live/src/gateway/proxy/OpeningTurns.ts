/** How many streams are opened at a time. */
const limit = 500;

/** Has streams opened a few at a time: when logic comes back, all channels of a service follow it again at once. */
export class OpeningTurns {
  #free = limit;
  readonly #waiting = new Set<() => void>();

  /**
   * Waits for a turn. Returns what gives it back, however often it is called.
   *
   * @throws The signal's reason; then there is nothing to give back.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      this.#give();
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason);
    };
    this.#waiting.add(resolve);
    signal.addEventListener("abort", leave);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
