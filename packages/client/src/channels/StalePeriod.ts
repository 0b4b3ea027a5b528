import type { Staleness } from "@peek/live-protocol";
import type { MonotonicClock } from "../MonotonicClock.ts";

/** A staleness as subscribers see it. */
interface ShownStaleness {
  readonly asOf: Date;
  readonly reason: string;
}

/** The period in which a channel is stale. It begins with the first cause, and shows the present one. */
export class StalePeriod {
  readonly #clock: MonotonicClock;
  #at: number | undefined;
  #shown: ShownStaleness | undefined;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /** For subscribers: the same object until it changes; undefined if the channel is not stale. */
  get shown(): ShownStaleness | undefined {
    return this.#shown;
  }

  /** Undefined if the channel is not stale. */
  get staleness(): Staleness | undefined {
    return this.#at === undefined || this.#shown === undefined
      ? undefined
      : { at: this.#at, reason: this.#shown.reason };
  }

  /**
   * Begins or continues the period.
   *
   * @param cause Undefined if no cause is known, or the channel is about to be live again.
   * @param isConfirmed Whether the channel was current in between, so that only the present cause counts.
   */
  update(cause: Staleness | undefined, isConfirmed: boolean): void {
    const now = cause?.at ?? this.#at ?? this.#clock.now();
    const at = isConfirmed ? now : Math.min(this.#at ?? Infinity, now);
    const reason = cause?.reason ?? this.#shown?.reason ?? "The service has not answered yet";
    if (at === this.#at && reason === this.#shown?.reason) return;
    const asOf = at === this.#at ? this.#shown?.asOf : undefined;
    this.#at = at;
    this.#shown = { asOf: asOf ?? this.#clock.dateOf(at), reason };
  }

  end(): void {
    this.#at = undefined;
    this.#shown = undefined;
  }
}
