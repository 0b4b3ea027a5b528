import type { Logger } from "@peek/plugin-base";

/** How often it is looked; milliseconds. */
const everyMs = 500;
/** So long nothing else could be done: told; milliseconds. */
const longMs = 1000;

/** Notices when the event loop stood still, and tells which light tasks ran then: one of them has computed. */
export class EventLoopMonitor implements Disposable {
  readonly #timer: NodeJS.Timeout;
  /** How many run, by name. */
  readonly #running = new Map<string, number>();
  /** What has run since the last look. */
  #seen = new Set<string>();
  #lookedAt = performance.now();

  constructor(logger: Logger) {
    this.#timer = setInterval(() => {
      const now = performance.now();
      const stoodMs = now - this.#lookedAt - everyMs;
      if (stoodMs >= longMs && this.#seen.size > 0) {
        const names = [...this.#seen].join(", ");
        logger.warning(
          "Nothing else could be done for %d ms while these light tasks ran: %s. What computes for long should be heavy",
          Math.round(stoodMs),
          names,
        );
      }
      this.#lookedAt = now;
      this.#seen = new Set(this.#running.keys());
    }, everyMs).unref();
  }

  begun(task: string): void {
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
