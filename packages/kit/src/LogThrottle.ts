/** How long nothing more is told of one matter; milliseconds. */
const quietMs = 60_000;
const maxMatters = 1000;

/** Keeps what comes again and again, from a peer that does not know better, from filling the log. */
export class LogThrottle {
  readonly #told = new Map<string, { readonly at: number; untold: number }>();

  /**
   * Counts an occurrence.
   *
   * @param matter What is told once a minute.
   * @returns What to add to the line, such as ` (and 12 times more since the last such line)`; undefined when there is to be
   *   no line.
   */
  count(matter: string): string | undefined {
    const now = performance.now();
    const before = this.#told.get(matter);
    if (before !== undefined && now - before.at < quietMs) {
      before.untold += 1;
      return undefined;
    }
    this.#told.delete(matter);
    this.#told.set(matter, { at: now, untold: 0 });
    this.#forget();
    return before === undefined || before.untold === 0
      ? ""
      : ` (and ${before.untold} times more since the last such line)`;
  }

  /** Peers come and go under ever new names. */
  #forget(): void {
    if (this.#told.size <= maxMatters) return;
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      return;
    }
  }
}
