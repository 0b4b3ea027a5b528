import { PeekError } from "@peek/errors";
import type { ConnectionPool } from "./ConnectionPool.ts";
import type { StorageHealth } from "./StorageHealth.ts";

/** How often a database is asked that is there, and one that is not; milliseconds. */
const pauseMs = { available: 15_000, suspected: 0, lost: 1000 } as const;
/** How long its answer is waited for; milliseconds. */
const answerMs = { available: 10_000, suspected: 2000, lost: 10_000 } as const;

/** Not that all connections are in use, or that the pool is closed. */
const meansLoss: ReadonlySet<string> = new Set(["STORAGE_UNAVAILABLE", "STORAGE_REFUSED", "STORAGE_TIMEOUT"]);

/** Asks the database now and then, so that its loss and its return are noticed when no plugin does. */
export class HealthMonitor implements Disposable {
  readonly #pool: ConnectionPool;
  readonly #health: StorageHealth;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(pool: ConnectionPool, health: StorageHealth) {
    this.#pool = pool;
    this.#health = health;
    this.hurry();
  }

  /** The database was lost, or may be: from now on it is asked more often. */
  hurry(): void {
    clearTimeout(this.#timer);
    if (!this.#disposed) this.#timer = setTimeout(() => void this.#ask(), pauseMs[this.#state()]);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  /** A connection that was cut while it was idle says nothing of the database: a new one is made then. */
  async #probe(): Promise<void> {
    for (;;) {
      const lent = await this.#pool.acquire();
      try {
        await lent.probe(answerMs[this.#state()]);
        return;
      } catch (error) {
        if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      } finally {
        this.#pool.release(lent);
      }
    }
  }

  #state(): keyof typeof pauseMs {
    if (!this.#health.available) return "lost";
    return this.#health.suspected ? "suspected" : "available";
  }

  async #ask(): Promise<void> {
    try {
      await this.#probe();
      this.#health.reached();
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      if (meansLoss.has(error.code)) this.#health.lost(error);
    }
    this.hurry();
  }
}
