/** Passes values on, the last one only where several come within an interval. */
export class Throttle<T> implements Disposable {
  readonly #intervalMs: number;
  readonly #pass: (value: T) => void;
  #waiting: { readonly value: T } | undefined;
  #pause: NodeJS.Timeout | undefined;

  constructor(intervalMs: number, pass: (value: T) => void) {
    this.#intervalMs = intervalMs;
    this.#pass = pass;
  }

  /** The first goes on at once. */
  add(value: T): void {
    if (this.#pause !== undefined) {
      this.#waiting = { value };
      return;
    }
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) this.add(waiting.value);
    }, this.#intervalMs);
    this.#pass(value);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pause);
    this.#waiting = undefined;
  }
}
