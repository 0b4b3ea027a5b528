/** Passes on the first value at once, then at most one value in an interval: the latest. */
export class Throttle<T> implements Disposable {
  readonly #intervalMs: number;
  readonly #pass: (value: T) => void;
  #latest: { readonly value: T } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number, pass: (value: T) => void) {
    this.#intervalMs = intervalMs;
    this.#pass = pass;
  }

  add(value: T): void {
    if (this.#timer !== undefined) {
      this.#latest = { value };
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const latest = this.#latest;
      this.#latest = undefined;
      if (latest !== undefined) this.add(latest.value);
    }, this.#intervalMs);
    this.#pass(value);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#latest = undefined;
  }
}
