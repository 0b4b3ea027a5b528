/** How long it may take in all until everybody has answered; milliseconds. */
const longestMs = 1000;
/** After this long without another answer, and four times the way to the server and back, all have; milliseconds. */
const quietMs = 50;

/** Waits for the answers of those who were asked, without knowing how many they are. */
export class PresenceQuery implements Disposable {
  /** Settles when no more answers are expected. */
  readonly done: Promise<void>;
  readonly #done = Promise.withResolvers<void>();
  readonly #quietMs: number;
  readonly #longest: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;

  /** @param roundTripMs To the server and back. */
  constructor(roundTripMs: number) {
    this.done = this.#done.promise;
    this.#quietMs = quietMs + 4 * roundTripMs;
    this.#longest = setTimeout(() => this.end(), longestMs + 4 * roundTripMs);
  }

  /** Somebody has answered. */
  answered(): void {
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.end(), this.#quietMs);
  }

  /** There is nobody who could answer, or it does not matter any more. */
  end(): void {
    clearTimeout(this.#longest);
    clearTimeout(this.#quiet);
    this.#done.resolve();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
