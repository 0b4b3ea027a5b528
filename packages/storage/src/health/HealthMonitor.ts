import { PeekError } from "@peek/errors";
import type { ConnectionPool } from "../pool/ConnectionPool.ts";
import type { StorageHealth } from "./StorageHealth.ts";

type HealthState = "available" | "suspected" | "lost";

/** Settings of a {@link HealthMonitor}, by the state of the database. */
export interface HealthMonitorTiming {
  /** The pause between two probes. */
  readonly intervalMs: Readonly<Record<HealthState, number>>;
  /** How long a probe waits for the answer. */
  readonly timeoutMs: Readonly<Record<HealthState, number>>;
}

/** The defaults of {@link HealthMonitorTiming}. */
export const defaultHealthMonitorTiming: HealthMonitorTiming = {
  intervalMs: { available: 15_000, suspected: 0, lost: 1000 },
  timeoutMs: { available: 10_000, suspected: 2000, lost: 10_000 },
};

/** The errors that mean a loss of the database, unlike a busy or closed pool. */
const lossCodes: ReadonlySet<string> = new Set(["STORAGE_UNAVAILABLE", "STORAGE_REFUSED", "STORAGE_TIMEOUT"]);

/** Probes the database periodically, so that its loss and its return are noticed when no plugin uses it. */
export class HealthMonitor implements Disposable {
  readonly #pool: ConnectionPool;
  readonly #health: StorageHealth;
  readonly #timing: HealthMonitorTiming;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(pool: ConnectionPool, health: StorageHealth, timing = defaultHealthMonitorTiming) {
    this.#pool = pool;
    this.#health = health;
    this.#timing = timing;
    this.schedule();
  }

  /** Schedules the next probe anew, by the state that the database has now. */
  schedule(): void {
    clearTimeout(this.#timer);
    if (this.#disposed) return;
    this.#timer = setTimeout(() => void this.#check(), this.#timing.intervalMs[this.#state()]);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #check(): Promise<void> {
    try {
      this.#health.reached(await this.#probe());
    } catch (error) {
      if (!PeekError.is(error)) throw error;
      if (lossCodes.has(error.code)) this.#health.lost(error);
    }
    this.schedule();
  }

  /**
   * A connection that was closed while idle proves nothing about the database: the next attempt opens a new one.
   *
   * @returns The number of suspicions before the attempt that succeeded.
   */
  async #probe(): Promise<number> {
    for (;;) {
      const { suspicions } = this.#health;
      const connection = await this.#pool.acquire();
      try {
        await connection.probe(this.#timing.timeoutMs[this.#state()]);
        return suspicions;
      } catch (error) {
        if (!PeekError.is(error) || error.code !== "STORAGE_UNAVAILABLE") throw error;
      } finally {
        this.#pool.release(connection);
      }
    }
  }

  #state(): HealthState {
    if (!this.#health.available) return "lost";
    return this.#health.suspected ? "suspected" : "available";
  }
}
