/** How long a load is delayed at most. */
const maxMs = 50;

/**
 * Delays the next load of a channel while actions are being executed, so that a device learns the position of its effects before it
 * is sent them. Each action delays one load, and for a moment at most.
 */
export class LoadHold {
  readonly #onReleased: () => void;
  /** Actions that have delayed no load yet. */
  readonly #fresh = new Set<Disposable>();
  /** Actions that delay the next load. */
  readonly #holding = new Set<Disposable>();
  /** When the delay of the next load ends; undefined: no load is wanted yet. By `performance.now()`. */
  #until: number | undefined;

  /** @param onReleased Called when a delay has ended before its time. */
  constructor(onReleased: () => void) {
    this.#onReleased = onReleased;
  }

  /** Delays the next load, until the result is disposed. */
  acquire(): Disposable {
    const hold: Disposable = { [Symbol.dispose]: () => this.#release(hold) };
    this.#fresh.add(hold);
    return hold;
  }

  /** The time until which a load that is wanted now is delayed: for the actions until now, and no later ones. */
  delayedUntil(now: number): number {
    if (this.#until === undefined && this.#fresh.size > 0) {
      for (const hold of this.#fresh) this.#holding.add(hold);
      this.#fresh.clear();
      this.#until = now + maxMs;
    }
    return this.#until ?? 0;
  }

  /** A load begins. */
  begin(): void {
    this.#holding.clear();
    this.#until = undefined;
  }

  #release(hold: Disposable): void {
    this.#fresh.delete(hold);
    if (!this.#holding.delete(hold) || this.#holding.size > 0) return;
    this.#until = 0;
    this.#onReleased();
  }
}
