import { WheelTimer } from "./TimingWheel.ts";

/** Something to be done after a time. */
export class CallbackTimer extends WheelTimer {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  onExpired(): void {
    this.#ring();
  }
}
