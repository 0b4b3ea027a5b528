/** How long a run waits at most; milliseconds. */
const maxMs = 50;

/** Those who ask a channel to wait with its next run. Each has one run wait, for a moment at most, and no other. */
export class Holds {
  readonly #onFree: () => void;
  /** Those who have had nothing wait yet. */
  readonly #fresh = new Set<Disposable>();
  /** Those for whom the next run waits. */
  readonly #awaited = new Set<Disposable>();
  /** Until when it does; undefined: nobody has been looked for yet. By `performance.now()`. */
  #until: number | undefined;

  /** @param onFree Called when nobody is waited for any more before the time is over. */
  constructor(onFree: () => void) {
    this.#onFree = onFree;
  }

  /** Asks; until what is returned is disposed. */
  add(): Disposable {
    const hold: Disposable = { [Symbol.dispose]: () => this.#end(hold) };
    this.#fresh.add(hold);
    return hold;
  }

  /** Until when a run that is wanted has to wait: for those who have asked by now, and nobody who comes later. */
  waitUntil(now: number): number {
    if (this.#until === undefined && this.#fresh.size > 0) {
      for (const hold of this.#fresh) this.#awaited.add(hold);
      this.#fresh.clear();
      this.#until = now + maxMs;
    }
    return this.#until ?? 0;
  }

  /** A run begins. */
  begin(): void {
    this.#awaited.clear();
    this.#until = undefined;
  }

  #end(hold: Disposable): void {
    this.#fresh.delete(hold);
    if (!this.#awaited.delete(hold) || this.#awaited.size > 0) return;
    this.#until = 0;
    this.#onFree();
  }
}
