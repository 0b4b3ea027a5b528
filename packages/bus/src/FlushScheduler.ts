/**
 * Decides what is sent at once, and what waits for the end of the turn of the event loop.
 *
 * Under load all of a turn goes out together, since each write costs a system call here and a wake-up at the other end:
 * more than all else that is done for a short text. When there is little to send, the first of a turn goes out at once, so
 * that the other end works on it while this turn goes on.
 */
export class FlushScheduler implements Disposable {
  readonly #onEnd: () => void;
  /** How much there was to send in this turn. */
  #count = 0;
  /** Whether there was no more than one in the last. */
  #isQuiet = true;
  #timer: NodeJS.Immediate | undefined;

  /** @param onEnd Called at the end of a turn in which there was something to send: sends what has waited. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Counts something that is to be sent. Returns whether it is to be sent now. */
  begins(): boolean {
    this.#timer ??= setImmediate(FlushScheduler.#end, this);
    this.#count += 1;
    return this.#isQuiet && this.#count === 1;
  }

  /** Forgets the turn: nothing waits any more. */
  [Symbol.dispose](): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  // One function for all: there may be thousands of connections.
  static #end(this: void, turn: FlushScheduler): void {
    turn.#timer = undefined;
    turn.#onEnd();
    turn.#isQuiet = turn.#count <= 1;
    turn.#count = 0;
  }
}
