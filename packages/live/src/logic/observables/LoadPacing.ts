import { Backoff } from "@peek/kit";
import { LoadHold } from "./LoadHold.ts";

/** The least time between two loads, however many changes there are. */
const minRestMs = 5;
/** The longest rest after a load whose result took long to be processed. */
const maxRestMs = 1000;
/** The least time from a load that failed to the next. */
const minBackoffMs = 100;
/** The longest time from a load that failed to the next, when nothing changes. */
const maxBackoffMs = 10_000;

/** Decides when the next load of a channel may begin: after a rest, a backoff or a {@link LoadHold}. */
export class LoadPacing implements Disposable {
  readonly #onDue: () => void;
  readonly #backoff = new Backoff({ maxMs: maxBackoffMs });
  #hold: LoadHold | undefined;
  #isFailing = false;
  /** By `performance.now()`. */
  #restsUntil = 0;
  #endedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDue Called when a load that was wanted may begin, or may have become due earlier. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Whether the last load failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Delays the next load until the result is disposed; for a moment at most. */
  hold(): Disposable {
    return (this.#hold ??= new LoadHold(() => this.#due())).acquire();
  }

  /** Whether a load that is wanted may begin now. If not, `onDue` is called later. */
  isDue(): boolean {
    if (this.#timer !== undefined) return false;
    const now = performance.now();
    const ms = Math.max(this.#restsUntil, this.#hold?.delayedUntil(now) ?? 0) - now;
    if (ms <= 0) return true;
    this.#timer = setTimeout(() => this.#due(), ms);
    return false;
  }

  /** A load begins. */
  begin(): void {
    this.#hold?.begin();
  }

  /** A load has succeeded. @param workMs How long logic worked on its result: others get as much time. */
  succeed(workMs: number): void {
    this.#isFailing = false;
    this.#backoff.reset();
    this.#rest(Math.min(maxRestMs, Math.max(minRestMs, workMs)));
  }

  /** A load has failed. @param hasChanged Whether the data has changed meanwhile, which may be the cure. */
  fail(hasChanged: boolean): void {
    this.#isFailing = true;
    const ms = this.#backoff.next();
    this.#rest(hasChanged ? minBackoffMs : Math.max(minBackoffMs, ms));
  }

  /** The data has changed, which may be the cure of a load that failed. */
  changed(): void {
    if (!this.#isFailing) return;
    this.#restsUntil = Math.min(this.#restsUntil, this.#endedAt + minBackoffMs);
    this.#due();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #rest(ms: number): void {
    this.#endedAt = performance.now();
    this.#restsUntil = this.#endedAt + ms;
  }

  #due(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#onDue();
  }
}
