import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import { pruneLedger, trimOutcomes } from "./pruneLedger.ts";

/** The delay of the first run, which keeps it out of the start of the service. */
const firstDelayMs = 60_000;
/** The interval of trimming outcomes over quota. */
const trimIntervalMs = 10 * 60 * 1000;
/** The interval of removing old records. */
const pruneIntervalMs = 24 * 60 * 60 * 1000;

/** Removes old records of the ledger, and outcomes over quota, periodically. */
export class LedgerPruner implements AsyncDisposable {
  readonly #pool: ConnectionPool;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #prunedAt = -Infinity;
  #started = false;
  #disposed = false;

  constructor(pool: ConnectionPool, logger: Logger) {
    this.#pool = pool;
    this.#logger = logger;
  }

  /** Starts the periodic runs, if they have not started. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#schedule(firstDelayMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#started = true;
    this.#disposed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#disposed) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    try {
      if (performance.now() - this.#prunedAt >= pruneIntervalMs) {
        await this.#pool.use(pruneLedger);
        this.#prunedAt = performance.now();
      }
      await this.#pool.use(trimOutcomes);
    } catch (error) {
      // The loss of the database is logged elsewhere; the next run makes up for this one.
      if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") {
        this.#logger.warning("Failed to remove old outcomes of actions: %s. Trying again later", messageOf(error));
      }
    }
    this.#schedule(trimIntervalMs);
  }
}
