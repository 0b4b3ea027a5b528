import type { Logger } from "@peek/plugin-base";
import { LogThrottle } from "@peek/kit";

const minuteMs = 60_000;
/** So many lines a minute at the most, whoever is refused for whatever reason. */
const maxLines = 100;

/**
 * Logs who was refused and why: one line for each address and reason, and then no more of the same for a minute, so that
 * nobody can fill the log by knocking.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #rateLimit = new LogThrottle();
  #minute = -1;
  #lines = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param kind What is the same for refusals of the same kind; the message may have more.
   */
  refused(address: string, kind: string, message: string): void {
    const suppressed = this.#rateLimit.count(`${address} ${kind}`);
    if (suppressed === undefined || this.#isTooMuch()) return;
    this.#logger.warning("%s: %s%s", address, message, suppressed);
  }

  #isTooMuch(): boolean {
    const minute = Math.floor(performance.now() / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines === maxLines) {
      this.#logger.warning("So many are refused that no more is told of it until the next minute");
    }
    return this.#lines >= maxLines;
  }
}
