interface Pause {
  readonly timer: NodeJS.Timeout;
  /** Whether the name was passed in again meanwhile. */
  isDue: boolean;
}

/** Passes names on, each at most once per interval: the first at once, repetitions together at the end of the interval. */
export class NameThrottle implements Disposable {
  readonly #intervalMs: number;
  readonly #onName: (name: string) => void;
  readonly #pauses = new Map<string, Pause>();

  constructor(intervalMs: number, onName: (name: string) => void) {
    this.#intervalMs = intervalMs;
    this.#onName = onName;
  }

  pass(name: string): void {
    const pause = this.#pauses.get(name);
    if (pause !== undefined) {
      pause.isDue = true;
      return;
    }
    const timer = setTimeout(() => this.#resume(name), this.#intervalMs).unref();
    this.#pauses.set(name, { timer, isDue: false });
    this.#onName(name);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
  }

  #resume(name: string): void {
    const isDue = this.#pauses.get(name)?.isDue;
    this.#pauses.delete(name);
    if (isDue === true) this.pass(name);
  }
}
