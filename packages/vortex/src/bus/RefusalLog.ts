import type { Logger } from "@peek/plugin-base";

/** After this long without a line, the same refusal is logged again; milliseconds. */
const quietMs = 60_000;
/** So many different refusals are told apart. */
const maxKinds = 1000;

/**
 * Logs who was refused and why: one line for each address and reason, and then no more of the same for a minute, so that
 * nobody can fill the log by knocking.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #recent = new Map<string, { readonly until: number; unsaid: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param kind What is the same for refusals of the same kind; the message may have more.
   */
  refused(address: string, kind: string, message: string): void {
    const now = performance.now();
    const key = `${address} ${kind}`;
    const recent = this.#recent.get(key);
    if (recent !== undefined && now < recent.until) {
      recent.unsaid += 1;
      return;
    }
    this.#makeRoom(now);
    // Deleted first: a Map keeps the order in which keys were added.
    this.#recent.delete(key);
    this.#recent.set(key, { until: now + quietMs, unsaid: 0 });
    const unsaid = recent?.unsaid ?? 0;
    this.#logger.warning("%s: %s%s", address, message, unsaid > 0 ? ` (and ${unsaid} more like that before)` : "");
  }

  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#recent) {
      if (this.#recent.size < maxKinds && now < until) return;
      this.#recent.delete(key);
    }
  }
}
