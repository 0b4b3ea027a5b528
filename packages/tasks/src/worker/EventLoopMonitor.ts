import type { Logger } from "@peek/plugin-base";

/** Logs when light tasks block the event loop. */
export class EventLoopMonitor implements Disposable {
  readonly #timer: NodeJS.Timeout;
  /** The number of running tasks, by name. */
  readonly #running = new Map<string, number>();
  /** The tasks that have run since the last check. */
  #seen = new Set<string>();
  #checkedAt = performance.now();

  /** @param minBlockedMs The shortest blocking that is logged. */
  constructor(logger: Logger, minBlockedMs: number) {
    const intervalMs = minBlockedMs / 2;
    this.#timer = setInterval(() => {
      const now = performance.now();
      const blockedMs = now - this.#checkedAt - intervalMs;
      if (blockedMs >= minBlockedMs && this.#seen.size > 0) {
        const names = [...this.#seen].join(", ");
        logger.warning(
          "The event loop was blocked for %d ms while these light tasks ran: %s. Make tasks that compute for long heavy",
          Math.round(blockedMs),
          names,
        );
      }
      this.#checkedAt = now;
      this.#seen = new Set(this.#running.keys());
    }, intervalMs).unref();
  }

  started(task: string): void {
    this.#seen.add(task);
    this.#running.set(task, (this.#running.get(task) ?? 0) + 1);
  }

  ended(task: string): void {
    const left = (this.#running.get(task) ?? 0) - 1;
    if (left > 0) this.#running.set(task, left);
    else this.#running.delete(task);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
