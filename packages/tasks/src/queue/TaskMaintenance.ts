import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { DatabaseClock } from "./DatabaseClock.ts";
import { clockStepSql, pruneSql, sweepSql } from "./layoutSql.ts";
import { PeriodicJob } from "./PeriodicJob.ts";

/** How long tasks are kept after their end. */
export interface Retention {
  readonly resultsSeconds: number;
  readonly deadLettersSeconds: number;
}

/** The options of {@link TaskMaintenance}. */
export interface TaskMaintenanceOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
  /** The pause between searches for lost tasks. */
  readonly sweepMs: number;
  readonly retention: Retention;
}

/** The pause between deletions of old tasks. */
const pruneMs = 60_000;
/** How many tasks one statement deletes: a statement for all of them could exceed its timeout. */
const pruneBatch = 5000;

/**
 * Makes lost tasks due again, and deletes old ones. pg-boss would do both, but reads the whole table each minute, and deletes by a
 * single statement.
 */
export class TaskMaintenance implements AsyncDisposable {
  readonly #options: TaskMaintenanceOptions;
  readonly #job: PeriodicJob;
  readonly #clock = new DatabaseClock();
  #prunedAt = -Infinity;

  constructor(options: TaskMaintenanceOptions) {
    const { sweepMs: pauseMs, database, logger } = options;
    this.#options = options;
    const work = (signal: AbortSignal): Promise<void> => this.#work(signal);
    this.#job = new PeriodicJob({ work, pauseMs, failureMessage: "Failed to maintain the tasks", database, logger });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#job[Symbol.asyncDispose]();
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#followClock();
    await this.#sweep();
    if (performance.now() - this.#prunedAt < pruneMs) return;
    const { resultsSeconds, deadLettersSeconds } = this.#options.retention;
    await this.#prune("completed", resultsSeconds, signal);
    await this.#prune("cancelled", resultsSeconds, signal);
    await this.#prune("failed", deadLettersSeconds, signal);
    this.#prunedAt = performance.now();
  }

  /** Comes first: everything else depends on the clock of the database. */
  async #followClock(): Promise<void> {
    const { database, logger } = this.#options;
    const stepMs = await this.#clock.stepMs(database);
    if (stepMs === 0) return;
    const { rows } = await database.query(clockStepSql, [stepMs]);
    const direction = stepMs > 0 ? "forward" : "back";
    logger.warning(
      "The clock of the database was put %s by %d s: the times of %d tasks were adjusted",
      direction,
      Math.round(Math.abs(stepMs) / 1000),
      rows.length,
    );
  }

  async #sweep(): Promise<void> {
    const { database, logger } = this.#options;
    const { rows } = await database.query(sweepSql);
    const counts = new Map<string, number>();
    for (const { name, state } of rows) {
      const consequence = state === "failed" ? "they failed, since they were lost too often" : "they are due again";
      const line = `of ${String(name)} were lost with their worker: ${consequence}`;
      counts.set(line, (counts.get(line) ?? 0) + 1);
    }
    for (const [line, count] of counts) logger.warning("%d tasks %s", count, line);
  }

  async #prune(state: "completed" | "cancelled" | "failed", keepSeconds: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { rows } = await this.#options.database.query(pruneSql, [state, keepSeconds, pruneBatch]);
      if (rows.length < pruneBatch) return;
    }
  }
}
