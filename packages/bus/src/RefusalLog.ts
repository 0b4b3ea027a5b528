import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";

const minuteMs = 60_000;
/** How many lines a minute are logged for all refusals together. */
const maxLines = 100;

/**
 * Logs refusals: one line a minute for each address and kind, and a limited number of lines a minute for all. So no client can
 * flood the log by connecting over and over.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #logThrottle = new LogThrottle();
  #minute = -1;
  #lines = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param kind Equal for refusals of the same kind, whose messages may differ. */
  refused(address: string, kind: string, message: string): void {
    const suppressed = this.#logThrottle.count(`${address} ${kind}`);
    if (suppressed === undefined || this.#isFlooded()) return;
    this.#logger.warning("%s: %s%s", address, message, suppressed);
  }

  #isFlooded(): boolean {
    const minute = Math.floor(performance.now() / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#lines = 0;
    }
    this.#lines += 1;
    if (this.#lines === maxLines) {
      this.#logger.warning("Too many refusals: no more of them are logged until the next minute");
    }
    return this.#lines >= maxLines;
  }
}
