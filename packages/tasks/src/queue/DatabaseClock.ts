import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";

const clockSql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now";
const rowSchema = z.object({ now: z.number() });

/** Smaller differences are drift or slow answers. */
const minStepMs = 2000;

/** Detects when the clock of the database's machine is set, by comparing it with the monotonic clock of this process. */
export class DatabaseClock {
  /** The database's time when `performance.now()` was 0, as last measured. */
  #originMs: number | undefined;

  /**
   * By how much the database's clock was set since the last call: negative when it was put back, 0 when it was not set, and for the
   * first call.
   *
   * @throws PeekError as the database.
   */
  async stepMs(database: TaskDatabase): Promise<number> {
    const before = performance.now();
    const { rows } = await database.query(clockSql);
    const after = performance.now();
    const origin = rowSchema.parse(rows[0]).now - (before + after) / 2;
    const step = origin - (this.#originMs ?? origin);
    // A slow answer is an imprecise measurement.
    const isStep = Math.abs(step) > minStepMs + (after - before);
    if (isStep || this.#originMs === undefined) this.#originMs = origin;
    return isStep ? Math.round(step) : 0;
  }
}
