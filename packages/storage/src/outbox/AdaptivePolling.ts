/** The window in which events are counted, by mode. */
const windowMs = { notified: 100, polling: 500 } as const;
/** This number of notifications in a window starts polling: 150 per second. */
const notificationsToPoll = 15;
/** Polling goes on with at least this number of polls in a window that find changes: 50 per second. */
const findsToKeepPolling = 25;

/**
 * Decides whether the reader of the outbox waits for notifications or polls. A NOTIFY takes a lock of the whole server at
 * its commit, so that many of them make writers wait for each other; polling makes no load on the writers.
 */
export class AdaptivePolling {
  #isPolling = false;
  #windowStart = -Infinity;
  #count = 0;

  /** Whether the reader polls; otherwise it waits for notifications. */
  get isPolling(): boolean {
    return this.#isPolling;
  }

  /** Counts a notification. @param now As of `performance.now()`. @returns Whether the reader should begin to poll. */
  countNotification(now: number): boolean {
    if (this.#isPolling) return false;
    if (now - this.#windowStart > windowMs.notified) this.#startWindow(now);
    this.#count += 1;
    return this.#count >= notificationsToPoll;
  }

  /** Counts a poll. @returns Whether the reader should stop polling. */
  countPoll(hasChanges: boolean, now: number): boolean {
    if (!this.#isPolling) return false;
    if (hasChanges) this.#count += 1;
    if (now - this.#windowStart < windowMs.polling) return false;
    const isIdle = this.#count < findsToKeepPolling;
    this.#startWindow(now);
    return isIdle;
  }

  /** Records the mode that the reader has switched to. */
  setPolling(isPolling: boolean, now: number): void {
    this.#isPolling = isPolling;
    this.#startWindow(now);
  }

  #startWindow(now: number): void {
    this.#windowStart = now;
    this.#count = 0;
  }
}
