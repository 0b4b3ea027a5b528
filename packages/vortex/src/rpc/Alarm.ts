import { Expiring } from "./DeadlineWheel.ts";

/** Something to be done after a time. */
export class Alarm extends Expiring {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  onDeadline(): void {
    this.#ring();
  }
}
