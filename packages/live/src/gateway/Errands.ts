/** What takes time on behalf of a connection: given up when that is over. */
export class Errands {
  readonly #ending = new AbortController();
  #count = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Does something. Never rejects. @param onError Is told why it failed, unless it was given up. */
  async run(work: (signal: AbortSignal) => Promise<void>, onError: (error: unknown) => void): Promise<void> {
    const { signal } = this.#ending;
    this.#count += 1;
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    this.#count -= 1;
  }

  /** Gives up all. */
  abort(): void {
    this.#ending.abort();
  }
}
