import { CallbackTimer } from "./CallbackTimer.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** How long handlers may take to end before the warning. */
const patienceMs = 500;

/** Warns once when a stop takes long. */
export class SlowStopWarning implements Disposable {
  readonly #timers: TimingWheel;
  readonly #timer: CallbackTimer;

  /** @param warn Logs the reason of the delay. */
  constructor(timers: TimingWheel, warn: () => void) {
    this.#timers = timers;
    this.#timer = new CallbackTimer(warn);
    timers.add(this.#timer, patienceMs);
  }

  /** The stop is complete. */
  [Symbol.dispose](): void {
    this.#timers.remove(this.#timer);
  }
}
