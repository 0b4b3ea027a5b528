/** A place on the stack of what a plugin has acquired, from the bottom up. It forgets what was released before its time. */
export class DisposableSlot {
  readonly #onEmpty: (rung: DisposableSlot) => void;
  #release: (() => Promise<void>) | undefined;
  #releasing: Promise<void> | undefined;

  /** @param onEmpty Called when there is nothing on it any more. */
  constructor(onEmpty: (rung: DisposableSlot) => void) {
    this.#onEmpty = onEmpty;
  }

  put(release: () => Promise<void>): void {
    this.#release = release;
  }

  /** Releases what is on it, once; settles when that is over. */
  release(): Promise<void> {
    this.#releasing ??= this.#empty();
    return this.#releasing;
  }

  async #empty(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
    this.#releasing = undefined;
    this.#onEmpty(this);
  }
}
