/** The longest time to wait for answers. */
const maxMs = 1000;
/** How long to wait for another answer, in addition to four round trips to the server. */
const quietMs = 50;

/** Waits for the answers to a presence query. Their number is unknown: the query ends when no more answers arrive. */
export class PresenceQuery implements Disposable {
  /** Settles when no more answers are expected. */
  readonly done: Promise<void>;
  readonly #done = Promise.withResolvers<void>();
  readonly #quietMs: number;
  readonly #timeout: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;

  /** @param roundTripMs The time of a round trip to the server. */
  constructor(roundTripMs: number) {
    this.done = this.#done.promise;
    this.#quietMs = quietMs + 4 * roundTripMs;
    this.#timeout = setTimeout(() => this.end(), maxMs + 4 * roundTripMs);
  }

  /** An answer has arrived. */
  answered(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.end(), this.#quietMs);
  }

  /** Ends the query: no instance can answer, or the answers are not needed any more. */
  end(): void {
    clearTimeout(this.#timeout);
    clearTimeout(this.#quiet);
    this.#done.resolve();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
