import { CallbackTimer } from "./CallbackTimer.ts";
import type { TimingWheel } from "./TimingWheel.ts";

/** How long handlers may take to end before the log has which do not; milliseconds. */
const patienceMs = 500;

/** Says once what holds up a stop, when it takes long. */
export class SlowStopWarning implements Disposable {
  readonly #deadlines: TimingWheel;
  readonly #alarm: CallbackTimer;

  constructor(deadlines: TimingWheel, tell: () => void) {
    this.#deadlines = deadlines;
    this.#alarm = new CallbackTimer(tell);
    deadlines.add(this.#alarm, patienceMs);
  }

  /** What was waited for is over. */
  [Symbol.dispose](): void {
    this.#deadlines.remove(this.#alarm);
  }
}
