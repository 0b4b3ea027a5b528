import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { CronTimes } from "../cron/CronTimes.ts";
import { schema } from "./layoutSql.ts";
import { occurrenceId } from "./occurrenceId.ts";
import { parseQueueText } from "./QueueName.ts";
import { PeriodicJob } from "./PeriodicJob.ts";

/** What a {@link TaskCron} is made of. */
export interface TaskCronOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
}

/** The pause between looks at the schedules: how late a task may be; milliseconds. */
const pauseMs = 5000;
/** How far back the first look goes, so that a time is not missed while logic is started again; milliseconds. */
const firstMs = 60_000;
/** How far back a look goes at most, such as when the database was away; milliseconds. */
const mostMs = 10 * 60_000;

const timeSchema = z.union([z.date(), z.string().transform((text) => new Date(text))]);

/** What is in the column `options`; written by TaskSchedules. */
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

// What is done in the future was so by a clock that was put back since.
const schedulesSql = `
  SELECT name, key, cron, timezone, data, options, created_on, now() AS now,
    CASE WHEN done > '-infinity' AND done <= now() THEN done END AS done
  FROM ${schema}.schedule LEFT JOIN ${schema}.schedule_state USING (name, key)
  WHERE paused IS NOT TRUE ORDER BY name, key`;

const queueSql = `SELECT ${schema}.enqueue_scheduled($1, $2, $3::timestamptz, $4::text::json, $5) AS result`;

/**
 * Queues the tasks of the schedules when their times come, by the database's clock. pg-boss would do so by tasks of its own for each
 * time, looks for them every second, and queues the last time before a schedule was made as well.
 */
export class TaskCron implements AsyncDisposable {
  readonly #options: TaskCronOptions;
  readonly #repeated: PeriodicJob;
  /** Up to which time all was queued. */
  #done: number | undefined;
  /** Which cannot be read, and were told. */
  #broken: ReadonlySet<string> = new Set();
  /** Of which a time was left out, and nothing queued since. */
  readonly #leftOut = new Set<string>();
  /** The times of the expressions, by those and their zones. */
  #times: ReadonlyMap<string, CronTimes> = new Map();

  constructor(options: TaskCronOptions) {
    const { database, logger } = options;
    this.#options = options;
    const work = (): Promise<void> => this.#look();
    this.#repeated = new PeriodicJob({ work, pauseMs, trouble: "Scheduled tasks cannot be queued", database, logger });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeated[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const rows = (await this.#options.database.query(schedulesSql)).rows.map((row) => rowSchema.parse(row));
    const now = rows[0]?.now.getTime();
    if (now === undefined) return;
    // A clock that was put back has no part in it.
    const from = Math.max(Math.min(this.#done ?? now - firstMs, now - pauseMs), now - mostMs);
    const broken = new Set<string>();
    const times = new Map<string, CronTimes>();
    for (const row of rows) {
      const trouble = await this.#queue(row, from, times);
      if (trouble === undefined) continue;
      const told = `The schedule ${row.key} (${row.cron}) of ${row.name} cannot be read: ${trouble}`;
      broken.add(told);
      if (!this.#broken.has(told)) this.#options.logger.error("%s", told);
    }
    this.#broken = broken;
    this.#times = times;
    this.#done = now;
  }

  /**
   * Queues what was due last, once.
   *
   * @returns Why nobody can read it. @throws PeekError as the database.
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
    if (result !== "done") this.#note(row, result === "queued");
    return undefined;
  }

  #timesOf({ cron, timezone }: Row, times: Map<string, CronTimes>): CronTimes {
    const tz = timezone ?? "UTC";
    const name = JSON.stringify([cron, tz]);
    const known = times.get(name) ?? this.#times.get(name) ?? new CronTimes(cron, tz);
    times.set(name, known);
    return known;
  }

  /** That times are left out is told once, until one is queued again. */
  #note({ name, key, cron }: Row, isQueued: boolean): void {
    const which = JSON.stringify([name, key]);
    if (isQueued) {
      this.#leftOut.delete(which);
    } else if (!this.#leftOut.has(which)) {
      this.#leftOut.add(which);
      this.#options.logger.warning(
        "Times of the schedule %s (%s) of %s are left out: as many of its tasks wait as may. See whether a worker does them",
        key,
        cron,
        name,
      );
    }
  }
}
