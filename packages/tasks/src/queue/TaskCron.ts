import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { CronTimes } from "../cron/CronTimes.ts";
import { schema } from "./layoutSql.ts";
import { occurrenceId } from "./occurrenceId.ts";
import { parseQueueText } from "./QueueName.ts";
import { PeriodicJob } from "./PeriodicJob.ts";

/** The options of {@link TaskCron}. */
export interface TaskCronOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
}

/** The polling interval: how late a task may be queued. */
const pollMs = 5000;
/** How far the first poll looks back, so that no time is missed during a restart of logic. */
const firstLookBackMs = 60_000;
/** How far a poll looks back at most, for example after the database was away. */
const maxLookBackMs = 10 * 60_000;

const timeSchema = z.union([z.date(), z.string().transform((text) => new Date(text))]);

/** The column `options`, written by TaskSchedules. */
export const scheduleOptionsSchema = z.object({
  priority: z.int(),
  takes: z.int(),
  expire: z.int(),
  key: z.string().exactOptional(),
  maxWaiting: z.int().default(1),
  missed: z.enum(["once", "skip"]).default("skip"),
});

const rowSchema = z.object({
  name: z.string(),
  key: z.string(),
  cron: z.string(),
  timezone: z.string().nullable(),
  data: z.unknown(),
  options: z.unknown(),
  created_on: timeSchema,
  done: timeSchema.nullable(),
  now: timeSchema,
});

type Row = z.output<typeof rowSchema>;

const resultSchema = z.object({ result: z.enum(["queued", "left out", "done"]) });

// A time in the future was recorded before the clock was put back.
const schedulesSql = `
  SELECT name, key, cron, timezone, data, options, created_on, now() AS now,
    CASE WHEN done > '-infinity' AND done <= now() THEN done END AS done
  FROM ${schema}.schedule LEFT JOIN ${schema}.schedule_state USING (name, key)
  WHERE paused IS NOT TRUE ORDER BY name, key`;

const queueSql = `SELECT ${schema}.enqueue_scheduled($1, $2, $3::timestamptz, $4::text::json, $5) AS result`;

/**
 * Queues the tasks of the schedules when they are due, by the database's clock. pg-boss would queue a task of its own for each time,
 * poll for them every second, and also queue the last time before a schedule was made.
 */
export class TaskCron implements AsyncDisposable {
  readonly #options: TaskCronOptions;
  readonly #job: PeriodicJob;
  /** All times up to this one are handled; milliseconds since 1970. */
  #handledUntil: number | undefined;
  /** The messages about invalid schedules that are logged already. */
  #invalid: ReadonlySet<string> = new Set();
  /** The schedules whose last time was skipped. */
  readonly #skipping = new Set<string>();
  /** The parsed expressions, by expression and time zone. */
  #times: ReadonlyMap<string, CronTimes> = new Map();

  constructor(options: TaskCronOptions) {
    const { database, logger } = options;
    this.#options = options;
    const work = (): Promise<void> => this.#poll();
    const failureMessage = "Failed to queue the scheduled tasks";
    this.#job = new PeriodicJob({ work, pauseMs: pollMs, failureMessage, database, logger });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#job[Symbol.asyncDispose]();
  }

  async #poll(): Promise<void> {
    const rows = (await this.#options.database.query(schedulesSql)).rows.map((row) => rowSchema.parse(row));
    const now = rows[0]?.now.getTime();
    if (now === undefined) return;
    // The minimum guards against a clock that was put back.
    const from = Math.max(Math.min(this.#handledUntil ?? now - firstLookBackMs, now - pollMs), now - maxLookBackMs);
    const invalid = new Set<string>();
    const times = new Map<string, CronTimes>();
    for (const row of rows) {
      const problem = await this.#queue(row, from, times);
      if (problem === undefined) continue;
      const message = `The schedule ${row.key} (${row.cron}) of ${row.name} is invalid: ${problem}`;
      invalid.add(message);
      if (!this.#invalid.has(message)) this.#options.logger.error("%s", message);
    }
    this.#invalid = invalid;
    this.#times = times;
    this.#handledUntil = now;
  }

  /**
   * Queues the last due time of a schedule, once.
   *
   * @returns Why the schedule is invalid; undefined when it is valid.
   * @throws PeekError as the database.
   */
  async #queue(row: Row, from: number, times: Map<string, CronTimes>): Promise<string | undefined> {
    const queue = parseQueueText(row.name);
    const { data: options, error } = scheduleOptionsSchema.safeParse(row.options);
    if (queue === undefined) return undefined;
    if (options === undefined) return messageOf(error);
    const { maxWaiting, missed, ...request } = options;
    const done = Math.max(row.created_on.getTime(), row.done?.getTime() ?? -Infinity);
    let due: number | undefined;
    try {
      const after = missed === "once" ? done : Math.max(done, from);
      due = this.#timesOf(row, times).lastBetween(after, row.now.getTime());
    } catch (thrown) {
      return messageOf(thrown);
    }
    if (due === undefined) return undefined;
    const at = new Date(due);
    const requests = [{ ...request, id: occurrenceId(queue, row.key, at), data: row.data }];
    const values = [row.name, row.key, at.toISOString(), JSON.stringify(requests), maxWaiting];
    const { result } = resultSchema.parse((await this.#options.database.query(queueSql, values)).rows[0]);
    if (result !== "done") this.#report(row, result === "queued");
    return undefined;
  }

  #timesOf({ cron, timezone }: Row, times: Map<string, CronTimes>): CronTimes {
    const tz = timezone ?? "UTC";
    const name = JSON.stringify([cron, tz]);
    const known = times.get(name) ?? this.#times.get(name) ?? new CronTimes(cron, tz);
    times.set(name, known);
    return known;
  }

  /** Logs the first of several skipped times in a row. */
  #report({ name, key, cron }: Row, isQueued: boolean): void {
    const schedule = JSON.stringify([name, key]);
    if (isQueued) {
      this.#skipping.delete(schedule);
    } else if (!this.#skipping.has(schedule)) {
      this.#skipping.add(schedule);
      this.#options.logger.warning(
        "Times of the schedule %s (%s) of %s are skipped: its limit of waiting tasks has been reached. Check that a worker does these tasks",
        key,
        cron,
        name,
      );
    }
  }
}
