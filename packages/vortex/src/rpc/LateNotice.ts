import { Alarm } from "./Alarm.ts";
import type { DeadlineWheel } from "./DeadlineWheel.ts";

/** How long handlers may take to end before the log has which do not; milliseconds. */
const patienceMs = 500;

/** Says once what holds up a stop, when it takes long. */
export class LateNotice implements Disposable {
  readonly #deadlines: DeadlineWheel;
  readonly #alarm: Alarm;

  constructor(deadlines: DeadlineWheel, tell: () => void) {
    this.#deadlines = deadlines;
    this.#alarm = new Alarm(tell);
    deadlines.add(this.#alarm, patienceMs);
  }

  /** What was waited for is over. */
  [Symbol.dispose](): void {
    this.#deadlines.remove(this.#alarm);
  }
}
