/**
 * Decides when queued data is written: at once, or at the end of the current iteration of the event loop.
 *
 * Under load, all data of one iteration is written together: each write costs a system call here and a wake-up at the other end,
 * which is more than all other work for a short message. When there is little to send, the first data of an iteration is written at
 * once, so that the other end can start while this iteration continues.
 */
export class FlushScheduler implements Disposable {
  readonly #flush: () => void;
  /** How many requests there were in this iteration. */
  #count = 0;
  /** Whether there was at most one request in the last iteration. */
  #isQuiet = true;
  #timer: NodeJS.Immediate | undefined;

  /** @param flush Writes the queued data. Called at the end of each iteration with a request. */
  constructor(flush: () => void) {
    this.#flush = flush;
  }

  /** Requests a flush. Returns true when the data is to be written at once. */
  request(): boolean {
    this.#timer ??= setImmediate(FlushScheduler.#endIteration, this);
    this.#count += 1;
    return this.#isQuiet && this.#count === 1;
  }

  /** Revokes the requests. */
  [Symbol.dispose](): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  // One function for all: there may be thousands of connections.
  static #endIteration(this: void, scheduler: FlushScheduler): void {
    scheduler.#timer = undefined;
    scheduler.#flush();
    scheduler.#isQuiet = scheduler.#count <= 1;
    scheduler.#count = 0;
  }
}
