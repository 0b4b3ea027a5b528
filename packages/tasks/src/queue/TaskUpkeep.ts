import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { pruneSql, sweepSql } from "./layoutSql.ts";

/** What a {@link TaskUpkeep} is made of. */
export interface TaskUpkeepOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
  /** The pause between looks for lost tasks; milliseconds. */
  readonly sweepMs: number;
  readonly keepDeadLettersSeconds: number;
  readonly keepResultsSeconds: number;
}

/** The pause between looks for what is to be deleted; milliseconds. */
const pruneMs = 60_000;
/** How many are deleted at a time: a statement for all could take longer than a statement may. */
const pruneBatch = 5000;

/**
 * Makes lost tasks due again, and deletes what need not be kept. pg-boss would do both, but looks at the whole table for the first, and
 * deletes in a single statement.
 */
export class TaskUpkeep implements AsyncDisposable {
  readonly #options: TaskUpkeepOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #prunedAt = -Infinity;
  #fails = false;

  constructor(options: TaskUpkeepOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#work();
      await delay(this.#options.sweepMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #work(): Promise<void> {
    const { logger, database } = this.#options;
    try {
      await this.#sweep();
      if (performance.now() - this.#prunedAt > pruneMs) await this.#prune();
      this.#fails = false;
    } catch (error) {
      // That the database is away, the storage tells; it is tried again by itself.
      if (!this.#fails && database.available) logger.warning("Tasks cannot be looked after: %s", messageOf(error));
      this.#fails = true;
    }
  }

  async #sweep(): Promise<void> {
    const { database, logger, keepDeadLettersSeconds } = this.#options;
    const { rows } = await database.query(sweepSql, [keepDeadLettersSeconds]);
    const counts = new Map<string, number>();
    for (const { name, state } of rows) {
      const what = `${String(name)} ${state === "failed" ? "failed: they were lost too often" : "are due again"}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [what, count] of counts) logger.warning("Lost with their worker: %d tasks of %s", count, what);
  }

  async #prune(): Promise<void> {
    const { database, keepDeadLettersSeconds, keepResultsSeconds } = this.#options;
    const least = Math.min(keepDeadLettersSeconds, keepResultsSeconds);
    while (!this.#stop.signal.aborted) {
      const { rows } = await database.query(pruneSql, [pruneBatch, least]);
      if (rows.length < pruneBatch) break;
    }
    this.#prunedAt = performance.now();
  }
}
