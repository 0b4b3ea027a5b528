import { WheelTimer } from "./TimingWheel.ts";

/** A timer that calls a function. */
export class CallbackTimer extends WheelTimer {
  readonly #callback: () => void;

  /** @param callback Must not throw. */
  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  onExpired(): void {
    this.#callback();
  }
}
