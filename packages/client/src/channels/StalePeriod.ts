import type { MonotonicClock } from "../MonotonicClock.ts";
import type { Staleness } from "@peek/live-protocol";

/** As it is shown to whoever watches. */
export interface Shown {
  readonly asOf: Date;
  readonly reason: string;
}

/** The time that a channel is not live: it began with the first cause, and is shown with the present one. */
export class StalePeriod {
  readonly #clock: MonotonicClock;
  #at: number | undefined;
  #shown: Shown | undefined;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /** What is shown; the same object for as long as nothing changes, undefined while there is no lapse. */
  get shown(): Shown | undefined {
    return this.#shown;
  }

  /** As of when, and why; undefined while there is no lapse. */
  get staleness(): Staleness | undefined {
    return this.#at === undefined || this.#shown === undefined
      ? undefined
      : { at: this.#at, reason: this.#shown.reason };
  }

  /**
   * It is not live.
   *
   * @param cause Undefined: it is about to be live again, or nothing is known of why.
   * @param isConfirmed Whether it has been confirmed since the lapse began, so that the present cause says all of it.
   */
  goesOn(cause: Staleness | undefined, isConfirmed: boolean): void {
    const now = cause?.at ?? this.#at ?? this.#clock.now();
    const at = isConfirmed ? now : Math.min(this.#at ?? Infinity, now);
    const reason = cause?.reason ?? this.#shown?.reason ?? "The service has not answered yet";
    if (at === this.#at && reason === this.#shown?.reason) return;
    const asOf = at === this.#at ? this.#shown?.asOf : undefined;
    this.#at = at;
    this.#shown = { asOf: asOf ?? this.#clock.dateOf(at), reason };
  }

  /** It is live. */
  end(): void {
    this.#at = undefined;
    this.#shown = undefined;
  }
}
