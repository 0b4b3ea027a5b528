/** The number of heartbeats that may be missing. */
const maxMissedBeats = 2.5;
/** The same while the service is suspected, and no large message can be on its way. */
const maxMissedBeatsSuspected = 1;
/** The largest factor by which the timeout grows. */
const maxFactor = 16;

/** The connection that a timeout watches. */
export interface HeartbeatTimeoutListener {
  /** Whether the service is suspected, and no large message can be on its way. */
  isSuspected(): boolean;
  /** Sends a sign of life. */
  sendBeat(): void;
  /** The service was silent for too long. */
  timedOut(): void;
}

/**
 * Ends a connection whose service sends nothing for too long. The timeout doubles each time that it ends a connection, as TCP does
 * for retransmissions: a large snapshot may take long on a slow connection.
 */
export class HeartbeatTimeout {
  readonly #listener: HeartbeatTimeoutListener;
  #factor = 1;
  #beatMs = 0;
  #startedAt = 0;
  #receivedAt = 0;
  #suspectedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: HeartbeatTimeoutListener) {
    this.#listener = listener;
  }

  /** Begins with a connection. @param beatMs The longest time between two heartbeats of its service. */
  start(beatMs: number): void {
    this.#beatMs = beatMs;
    this.#startedAt = performance.now();
    this.received();
    this.check();
  }

  /** The connection has ended. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The service has sent a message. */
  received(): void {
    this.#receivedAt = performance.now();
  }

  /** The suspicion of the service has begun or ended. */
  suspicionChanged(isSuspected: boolean): void {
    if (isSuspected) this.#suspectedAt = performance.now();
    this.check();
  }

  check(): void {
    const now = performance.now();
    const isSuspected = this.#listener.isSuspected();
    const timeoutMs = this.#beatMs * (isSuspected ? maxMissedBeatsSuspected : maxMissedBeats) * this.#factor;
    const since = isSuspected ? Math.max(this.#suspectedAt, this.#receivedAt) : this.#receivedAt;
    const left = since + timeoutMs - now;
    clearTimeout(this.#timer);
    if (left > 0) {
      this.#timer = setTimeout(() => this.check(), Math.min(left + 1, this.#beatMs * maxMissedBeats));
      // A message on its way may delay the heartbeats in both directions: this one shows that the client is alive.
      if (now - this.#receivedAt > this.#beatMs) this.#listener.sendBeat();
      return;
    }
    this.#factor = now - this.#startedAt > 2 * timeoutMs ? 1 : Math.min(maxFactor, this.#factor * 2);
    this.#listener.timedOut();
  }
}
