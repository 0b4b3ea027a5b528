import type { Staleness } from "@peek/live-protocol";

/** How often the check looks at the clock. */
const checkIntervalMs = 500;
/** After a longer time without a check, the device or the page has slept. */
const sleptMs = 3000;
/** After so many missing pulses, the service is suspected. */
const maxMissedPulses = 2;
/** The longest time for an answer to a probe; with the time until the next check, below three seconds. */
const answerTimeoutMs = 2200;
/** The shortest time between two probes. */
const probeIntervalMs = 1000;
/** The time between two probes while the service sends data: they measure how long messages take. */
const busyProbeIntervalMs = 5000;

export interface LivenessCheckOptions {
  /** @see MonotonicClock.now */
  readonly now: () => number;
  /** Sends a probe to the service. */
  readonly sendProbe: (n: number) => void;
  /** Called when the service is suspected, that is when its data may be stale, and with undefined when it no longer is. */
  readonly onSuspicion: (suspicion: Staleness | undefined) => void;
}

/**
 * A failure detector for one connection: it suspects the service if signs of life are missing. Only the answer to a probe that was sent
 * after the suspicion began ends it: earlier messages may have been on their way for long.
 */
export class LivenessCheck implements Disposable {
  readonly #options: LivenessCheckOptions;
  readonly #maxSilenceMs: number;
  #receivedAt: number;
  #checkedAt: number;
  #lastProbe = 0;
  #probedAt: number;
  /** Since when a probe is due; undefined if none is. */
  #dueSince: number | undefined;
  /** The oldest unanswered probe. */
  #unanswered: { readonly n: number; readonly at: number } | undefined;
  #suspicion: Staleness | undefined;
  /** The first probe whose answer ends the suspicion, and when it was sent. */
  #decidingProbe = 0;
  #decidingProbeAt = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pulseMs The longest time between two signs of life of the service. */
  constructor(pulseMs: number, options: LivenessCheckOptions) {
    this.#options = options;
    this.#maxSilenceMs = pulseMs * maxMissedPulses;
    this.#receivedAt = options.now();
    this.#checkedAt = this.#receivedAt;
    this.#probedAt = this.#receivedAt - probeIntervalMs;
    this.#timer = setInterval(() => {
      this.check();
      if (this.#dueSince !== undefined && options.now() - this.#probedAt >= probeIntervalMs) this.#probe();
    }, checkIntervalMs);
  }

  /** The service has sent a message. */
  received(): void {
    // Before the message is handled: it may have waited here while the device slept.
    this.check();
    this.#receivedAt = this.#options.now();
  }

  /** The service has answered a probe. */
  answered(n: number): void {
    if (this.#unanswered !== undefined && n >= this.#unanswered.n) this.#unanswered = undefined;
    if (this.#suspicion === undefined || n < this.#decidingProbe) return;
    const at = this.#decidingProbeAt;
    this.#suspicion = undefined;
    // Data that came with a late answer is as old as the probe: messages queue on a slow connection.
    if (this.#options.now() - at > answerTimeoutMs) this.#suspect({ at, reason: "The connection is slow" });
    else this.#options.onSuspicion(undefined);
  }

  /** The service has sent data: on a slow connection, messages may be late without any pause between them. */
  busy(): void {
    if (this.#unanswered === undefined && this.#options.now() - this.#probedAt >= busyProbeIntervalMs) this.#probe();
  }

  /** Requests a probe: it is sent within a moment. */
  requestProbe(): void {
    if (this.#unanswered === undefined) this.#dueSince ??= this.#options.now();
  }

  /** Cancels the requested probe: the service has answered a message. */
  cancelProbe(): void {
    this.#dueSince = undefined;
  }

  /** Looks at the clock. */
  check(): void {
    const now = this.#options.now();
    const checkedAt = this.#checkedAt;
    this.#checkedAt = now;
    if (now - checkedAt > sleptMs) {
      // Probes from before the sleep may have been answered before it.
      this.#suspect({ at: Math.min(checkedAt, this.#receivedAt), reason: "The device or the page has slept" });
      return;
    }
    if (this.#suspicion !== undefined) return;
    if (now - this.#receivedAt > this.#maxSilenceMs) {
      this.#suspect({ at: this.#receivedAt, reason: "The service has been silent for some seconds" });
    } else if (this.#unanswered !== undefined && now - this.#unanswered.at > answerTimeoutMs) {
      this.#suspect({ at: Math.min(this.#unanswered.at, this.#receivedAt), reason: "The service does not answer" });
    }
  }

  /** Whether the data of the service may be stale. */
  get isSuspected(): boolean {
    return this.#suspicion !== undefined;
  }

  /** Until when the data of the service was current. */
  get currentAt(): number {
    return this.#suspicion?.at ?? this.#receivedAt;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #suspect(suspicion: Staleness): void {
    this.#suspicion ??= suspicion;
    this.#decidingProbe = this.#lastProbe + 1;
    this.#decidingProbeAt = this.#options.now();
    this.#options.onSuspicion(this.#suspicion);
    this.#probe();
  }

  #probe(): void {
    this.#lastProbe += 1;
    this.#probedAt = this.#options.now();
    this.#unanswered ??= { n: this.#lastProbe, at: this.#dueSince ?? this.#probedAt };
    this.#dueSince = undefined;
    this.#options.sendProbe(this.#lastProbe);
  }
}
