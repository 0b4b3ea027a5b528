import type { Logger } from "@peek/plugin-base";
import { RateLimit } from "../RateLimit.ts";

/**
 * Logs who was refused and why: one line for each address and reason, and then no more of the same for a minute, so that
 * nobody can fill the log by knocking.
 */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #rateLimit = new RateLimit();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * @param kind What is the same for refusals of the same kind; the message may have more.
   */
  refused(address: string, kind: string, message: string): void {
    const untold = this.#rateLimit.count(`${address} ${kind}`);
    if (untold !== undefined) this.#logger.warning("%s: %s%s", address, message, untold);
  }
}
