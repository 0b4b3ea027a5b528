import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";

const clockSql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now";
const rowSchema = z.object({ now: z.number() });

/** Clocks that run at their own speed, and slow answers, are no steps; milliseconds. */
const leastStepMs = 2000;

/** Sees when the clock of the database's machine is set, by the clock of this process that only goes forward. */
export class DatabaseClock {
  /** The database's time at the zero of `performance.now()`, as last seen; milliseconds. */
  #origin: number | undefined;

  /**
   * By how much the database's clock was set since the last look; milliseconds, negative when it was put back, 0 when it
   * was not set. The first look sees none.
   *
   * @throws PeekError as the database.
   */
  async stepMs(database: TaskDatabase): Promise<number> {
    const before = performance.now();
    const { rows } = await database.query(clockSql);
    const after = performance.now();
    const origin = rowSchema.parse(rows[0]).now - (before + after) / 2;
    const step = origin - (this.#origin ?? origin);
    // An answer that took long says little of when it was made.
    const isStep = Math.abs(step) > leastStepMs + (after - before);
    if (isStep || this.#origin === undefined) this.#origin = origin;
    return isStep ? Math.round(step) : 0;
  }
}
