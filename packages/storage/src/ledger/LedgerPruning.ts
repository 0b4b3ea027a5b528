import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ConnectionPool } from "../access/ConnectionPool.ts";
import { pruneLedger, trimOutcomes } from "./pruneLedger.ts";

/** When it is looked first, so that it is in nobody's way at a start, and how often from then on; milliseconds. */
const everyMs = { first: 60_000, later: 10 * 60 * 1000 } as const;
/** How often what is old is removed; milliseconds. */
const oldEveryMs = 24 * 60 * 60 * 1000;

/** Keeps the ledger from growing for ever, besides all else. */
export class LedgerPruning implements AsyncDisposable {
  readonly #pool: ConnectionPool;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #removedOldAt = -Infinity;
  #begun = false;
  #ended = false;

  constructor(pool: ConnectionPool, logger: Logger) {
    this.#pool = pool;
    this.#logger = logger;
  }

  /** From now on it is done, now and then. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#plan(everyMs.first);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#begun = true;
    this.#ended = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(ms: number): void {
    if (this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#prune();
    }, ms);
    this.#timer.unref();
  }

  async #prune(): Promise<void> {
    try {
      if (performance.now() - this.#removedOldAt >= oldEveryMs) {
        await this.#pool.use(pruneLedger);
        this.#removedOldAt = performance.now();
      }
      await this.#pool.use(trimOutcomes);
    } catch (error) {
      // The loss of the database is told already; the next time it is done.
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") {
        this.#logger.warning("Old outcomes of actions could not be removed: %s", messageOf(error));
      }
    }
    this.#plan(everyMs.later);
  }
}
