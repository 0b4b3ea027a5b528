/** A place on a plugin's stack of disposables for one resource at a time. Once the resource is released, the slot is free again. */
export class DisposableSlot {
  readonly #onFree: (slot: DisposableSlot) => void;
  #release: (() => Promise<void>) | undefined;
  #releasing: Promise<void> | undefined;

  /** @param onFree Called each time that the resource was released. */
  constructor(onFree: (slot: DisposableSlot) => void) {
    this.#onFree = onFree;
  }

  /** Fills the slot, which must be free. */
  fill(release: () => Promise<void>): void {
    this.#release = release;
  }

  /** Releases the resource once. Settles when it is released. */
  release(): Promise<void> {
    this.#releasing ??= this.#free();
    return this.#releasing;
  }

  async #free(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
    this.#releasing = undefined;
    this.#onFree(this);
  }
}
