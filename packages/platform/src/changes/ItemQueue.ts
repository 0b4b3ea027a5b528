/** Items that are added at any time, and taken in their order by one consumer. */
export class ItemQueue<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = [];
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #isEnded = false;

  /** @param signal Ends the iteration. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.end(), { once: true });
    if (signal.aborted) this.end();
  }

  /** Adds an item; after the end, it is dropped. */
  add(item: Item): void {
    if (this.#isEnded) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the iteration after the present items. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    for (;;) {
      const item = this.#items.shift();
      if (this.#signal.aborted) return;
      if (item !== undefined) yield item;
      else if (this.#isEnded) return;
      else await this.#more();
    }
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
  }
}
