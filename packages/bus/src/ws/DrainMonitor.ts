import { lowWaterBytes } from "../messageLimits.ts";

/** How often the queue is measured while listeners wait. */
const checkMs = 20;

/** Notifies listeners when the send queue of a connection has drained to the low-water mark. */
export class DrainMonitor {
  readonly #waitingBytes: () => number;
  #listeners: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param waitingBytes Measures the queue; 0 when the connection has ended. */
  constructor(waitingBytes: () => number) {
    this.#waitingBytes = waitingBytes;
  }

  /** Calls a listener once, when the queue has drained; at once when it has. */
  once(listener: () => void): void {
    if (this.#waitingBytes() <= lowWaterBytes) {
      listener();
      return;
    }
    this.#listeners.push(listener);
    this.#timer ??= setInterval(() => {
      if (this.#waitingBytes() <= lowWaterBytes) this.release();
    }, checkMs);
  }

  /** Calls all listeners now: the connection has ended. */
  release(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
