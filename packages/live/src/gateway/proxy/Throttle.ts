interface Rest {
  readonly timer: NodeJS.Timeout;
  /** Whether it was said again meanwhile. */
  isDue: boolean;
}

/** Passes names on: each at once, and what is said again within a while as one, when it is over. */
export class Throttle implements Disposable {
  readonly #ms: number;
  readonly #onName: (name: string) => void;
  readonly #resting = new Map<string, Rest>();

  /** @param ms How often a name is passed on at most; milliseconds. */
  constructor(ms: number, onName: (name: string) => void) {
    this.#ms = ms;
    this.#onName = onName;
  }

  say(name: string): void {
    const rest = this.#resting.get(name);
    if (rest !== undefined) {
      rest.isDue = true;
      return;
    }
    const timer = setTimeout(() => this.#rested(name), this.#ms).unref();
    this.#resting.set(name, { timer, isDue: false });
    this.#onName(name);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }

  #rested(name: string): void {
    const isDue = this.#resting.get(name)?.isDue;
    this.#resting.delete(name);
    if (isDue === true) this.say(name);
  }
}
