import type { Staleness } from "@peek/live-protocol";

/** How often it is looked whether the service was heard; milliseconds. */
const lookMs = 500;
/** Not having looked for so long, the device or the page has slept; milliseconds. */
const sleptMs = 3000;
/** Of the service's pulses, so many may be late before it is doubted that things are as it has said. */
const pulsesMissed = 2;
/** How long an answer is waited for; milliseconds. With the time until the next look, it is less than three seconds. */
const answerMs = 2200;
/** How often the service is asked at most, whatever happens on the page; milliseconds. */
const askEveryMs = 1000;

/** While the service says more than that it is there, it is asked so often how long its messages are on their way; milliseconds. */
const askBusyMs = 5000;

/** What a {@link LivenessCheck} works with. */
export interface LivenessCheckOptions {
  /** @see MonotonicClock.now */
  readonly now: () => number;
  /** Asks the service for a sign. */
  readonly send: (n: number) => void;
  /** Told when what the service has said is not known to be how things are, and when it is again: then with undefined. */
  readonly onDoubt: (doubt: Staleness | undefined) => void;
}

/**
 * Judges by the signs of life of one connection whether what the service has said is how things are. A doubt ends with the answer
 * to what was asked after it began: what is heard before may have been on its way for long.
 */
export class LivenessCheck implements Disposable {
  readonly #options: LivenessCheckOptions;
  readonly #silenceMs: number;
  #heardAt: number;
  #lookedAt: number;
  #lastProbe = 0;
  #askedAt: number;
  /** Since when there is reason to ask; undefined while there is none. */
  #wantedAt: number | undefined;
  /** The oldest that was not answered. */
  #asked: { readonly n: number; readonly at: number } | undefined;
  #doubt: Staleness | undefined;
  /** The first probe whose answer ends the doubt, and when it was sent. */
  #endsWith = 0;
  #endsWithAt = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pulseMs How often the service gives a sign of life, at least. */
  constructor(pulseMs: number, options: LivenessCheckOptions) {
    this.#options = options;
    this.#silenceMs = pulseMs * pulsesMissed;
    this.#heardAt = options.now();
    this.#lookedAt = this.#heardAt;
    this.#askedAt = this.#heardAt - askEveryMs;
    this.#timer = setInterval(() => {
      this.look();
      if (this.#wantedAt !== undefined && options.now() - this.#askedAt >= askEveryMs) this.#ask();
    }, lookMs);
  }

  /** The service has said something. */
  heard(): void {
    // Before what it says is taken: it may have lain here while the device slept.
    this.look();
    this.#heardAt = this.#options.now();
  }

  /** The service has answered a probe. */
  answered(n: number): void {
    if (this.#asked !== undefined && n >= this.#asked.n) this.#asked = undefined;
    if (this.#doubt === undefined || n < this.#endsWith) return;
    const at = this.#endsWithAt;
    if (this.#options.now() - at > answerMs) {
      // So old is what has come with it: messages lie on a slow line.
      this.#doubt = undefined;
      this.#begin({ at, reason: "The connection is slow" });
      return;
    }
    this.#doubt = undefined;
    this.#options.onDoubt(undefined);
  }

  /** The service has said more than that it is there: on a slow line, its messages may come late without a pause between them. */
  busy(): void {
    if (this.#asked === undefined && this.#options.now() - this.#askedAt >= askBusyMs) this.#ask();
  }

  /** There is reason to ask whether the service is there: without an answer, it is doubted soon. It is asked in a moment. */
  probe(): void {
    if (this.#asked === undefined) this.#wantedAt ??= this.#options.now();
  }

  /** The service has answered what was sent to it: there is no reason to ask any more. */
  replied(): void {
    this.#wantedAt = undefined;
  }

  /** Looks at the clock. */
  look(): void {
    const now = this.#options.now();
    const lookedAt = this.#lookedAt;
    this.#lookedAt = now;
    if (now - lookedAt > sleptMs) {
      // What was asked before may have been answered before, too.
      this.#begin({ at: Math.min(lookedAt, this.#heardAt), reason: "The device or the page has slept" });
    } else if (now - this.#heardAt > this.#silenceMs) {
      this.doubt({ at: this.#heardAt, reason: "The service has not been heard for some seconds" });
    } else if (this.#asked !== undefined && now - this.#asked.at > answerMs) {
      this.doubt({ at: Math.min(this.#asked.at, this.#heardAt), reason: "The service does not answer" });
    }
  }

  /** What the service has said is not known to be how things are, until it answers. */
  doubt(doubt: Staleness): void {
    if (this.#doubt === undefined) this.#begin(doubt);
  }

  /** Whether what the service has said is doubted. */
  get isDoubted(): boolean {
    return this.#doubt !== undefined;
  }

  /** Until when what the service has said was how things are. */
  get knownAt(): number {
    return this.#doubt?.at ?? this.#heardAt;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #begin(doubt: Staleness): void {
    this.#doubt ??= doubt;
    this.#endsWith = this.#lastProbe + 1;
    this.#endsWithAt = this.#options.now();
    this.#options.onDoubt(this.#doubt);
    this.#ask();
  }

  #ask(): void {
    this.#lastProbe += 1;
    this.#askedAt = this.#options.now();
    this.#asked ??= { n: this.#lastProbe, at: this.#wantedAt ?? this.#askedAt };
    this.#wantedAt = undefined;
    this.#options.send(this.#lastProbe);
  }
}
