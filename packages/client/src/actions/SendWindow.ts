/** How many actions of a lane may be unanswered at a time. */
const maxSize = 16;

/** The send window of one lane: how many of its actions may be sent without an answer. */
export class SendWindow implements Disposable {
  readonly #resumed: () => void;
  #size = maxSize;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param resumed Called when a pause has ended. */
  constructor(resumed: () => void) {
    this.#resumed = resumed;
  }

  /** 0 during a pause. */
  get size(): number {
    return this.#timer === undefined ? this.#size : 0;
  }

  /** Opens the window: an action was answered for good. */
  open(): void {
    this.#size = maxSize;
  }

  /** Allows one action at a time: an earlier action has to be executed first. */
  shrink(): void {
    this.#size = 1;
  }

  /** Shrinks the window, and closes it for a while. */
  pause(ms: number): void {
    this.shrink();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.resume(), ms);
  }

  /** Ends a pause. */
  resume(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#resumed();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
