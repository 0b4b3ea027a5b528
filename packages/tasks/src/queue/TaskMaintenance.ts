import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { DatabaseClock } from "./DatabaseClock.ts";
import { clockStepSql, pruneSql, sweepSql } from "./layoutSql.ts";
import { PeriodicJob } from "./PeriodicJob.ts";

/** How long what has ended is kept; seconds. */
export interface Retention {
  readonly results: number;
  readonly deadLetters: number;
}

/** What a {@link TaskMaintenance} is made of. */
export interface TaskMaintenanceOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
  /** The pause between looks for lost tasks; milliseconds. */
  readonly sweepMs: number;
  readonly keeping: Retention;
}

/** The pause between looks for what is to be deleted; milliseconds. */
const pruneMs = 60_000;
/** How many are deleted at a time: a statement for all could take longer than a statement may. */
const pruneBatch = 5000;

/**
 * Makes lost tasks due again, and deletes what need not be kept. pg-boss would do both, but reads the whole table each minute, and
 * deletes in a single statement.
 */
export class TaskMaintenance implements AsyncDisposable {
  readonly #options: TaskMaintenanceOptions;
  readonly #repeated: PeriodicJob;
  readonly #clock = new DatabaseClock();
  #prunedAt = -Infinity;

  constructor(options: TaskMaintenanceOptions) {
    const { sweepMs: pauseMs, database, logger } = options;
    this.#options = options;
    const work = (signal: AbortSignal): Promise<void> => this.#work(signal);
    this.#repeated = new PeriodicJob({ work, pauseMs, trouble: "Tasks cannot be looked after", database, logger });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeated[Symbol.asyncDispose]();
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#followClock();
    await this.#sweep();
    if (performance.now() - this.#prunedAt < pruneMs) return;
    const { results, deadLetters } = this.#options.keeping;
    await this.#prune("completed", results, signal);
    await this.#prune("cancelled", results, signal);
    await this.#prune("failed", deadLetters, signal);
    this.#prunedAt = performance.now();
  }

  /** Before anything is judged by the clock of the database. */
  async #followClock(): Promise<void> {
    const { database, logger } = this.#options;
    const stepMs = await this.#clock.stepMs(database);
    if (stepMs === 0) return;
    const { rows } = await database.query(clockStepSql, [stepMs]);
    const way = stepMs > 0 ? "forward" : "back";
    logger.warning(
      "The clock of the database was put %s by %d s: the times of %d tasks were adjusted",
      way,
      Math.round(Math.abs(stepMs) / 1000),
      rows.length,
    );
  }

  async #sweep(): Promise<void> {
    const { database, logger } = this.#options;
    const { rows } = await database.query(sweepSql);
    const counts = new Map<string, number>();
    for (const { name, state } of rows) {
      const what = `${String(name)} ${state === "failed" ? "failed: they were lost too often" : "are due again"}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [what, count] of counts) logger.warning("Lost with their worker: %d tasks of %s", count, what);
  }

  async #prune(state: "completed" | "cancelled" | "failed", keepSeconds: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { rows } = await this.#options.database.query(pruneSql, [state, keepSeconds, pruneBatch]);
      if (rows.length < pruneBatch) return;
    }
  }
}
