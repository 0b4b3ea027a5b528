/** How many actions of a lane are with the service at a time. */
const widest = 16;

/** How the actions of one lane are sent. */
export class SendWindow implements Disposable {
  readonly #freed: () => void;
  #width = widest;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param freed Called when what was to be waited for is over. */
  constructor(freed: () => void) {
    this.#freed = freed;
  }

  /** How many may be with the service now. */
  get width(): number {
    return this.#timer === undefined ? this.#width : 0;
  }

  /** One was answered for good. */
  widen(): void {
    this.#width = widest;
  }

  /** One comes after something that is not done yet: the first has to be done before others are sent. */
  narrow(): void {
    this.#width = 1;
  }

  /** Nothing is sent for a while. */
  hold(ms: number): void {
    this.narrow();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.free(), ms);
  }

  /** Whatever it waits for is not waited for. */
  free(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#freed();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
