/** A resource that is opened on first use. When that fails, the next use tries again. */
export class Lazy<Resource extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Promise<Resource>;
  #opening: Promise<Resource> | undefined;
  #isDisposed = false;

  constructor(open: () => Promise<Resource>) {
    this.#open = open;
  }

  /** Whether it has been used. */
  get isUsed(): boolean {
    return this.#opening !== undefined;
  }

  /** @throws What the opening throws. */
  get(): Promise<Resource> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      if (!this.#isDisposed) this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    // The caller of get() has received the error of a failed opening.
    const resource = await this.#opening?.catch(() => undefined);
    await resource?.[Symbol.asyncDispose]();
  }
}
