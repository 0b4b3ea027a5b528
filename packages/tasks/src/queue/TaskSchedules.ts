import { messageOf, PeekError } from "@peek/errors";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { CronTimes } from "../cron/CronTimes.ts";
import { schema } from "./layoutSql.ts";
import { parseQueueText, type QueueName, queueText } from "./QueueName.ts";
import type { Envelope } from "./taskRows.ts";
import { scheduleOptionsSchema } from "./TaskCron.ts";
import type { ScheduleState, TaskQueue, TaskSchedule } from "./TaskQueue.ts";
import { expirySeconds, maxLosses } from "./requestRows.ts";

const rowSchema = z.object({ name: z.string(), key: z.string(), cron: z.string(), timezone: z.string().nullable() });

const stateSchema = rowSchema.extend({
  options: z.unknown(),
  paused: z.boolean(),
  now: z.number(),
  last: z.number().nullable(),
  waiting: z.int(),
  leftOut: z.number(),
});

/** A replaced schedule continues after its last time, unless its expression or time zone changes. */
const putSql = `
  INSERT INTO ${schema}.schedule AS s (name, key, cron, timezone, data, options)
  VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb)
  ON CONFLICT (name, key) DO UPDATE SET
    created_on = CASE WHEN (s.cron, s.timezone) IS DISTINCT FROM (EXCLUDED.cron, EXCLUDED.timezone) THEN now() ELSE s.created_on END,
    cron = EXCLUDED.cron, timezone = EXCLUDED.timezone, data = EXCLUDED.data, options = EXCLUDED.options, updated_on = now()`;

const statesSql = `
  SELECT name, key, cron, timezone, options, coalesce(paused, false) AS paused, coalesce(left_out, 0)::float8 AS "leftOut",
    (extract(epoch FROM now()) * 1000)::float8 AS now,
    CASE WHEN done > '-infinity' THEN (extract(epoch FROM done) * 1000)::float8 END AS last,
    (SELECT count(*)::integer FROM ${schema}.job_common AS j
      WHERE j.name = schedule.name AND j.id = ANY(state.queued) AND j.state < 'active') AS waiting
  FROM ${schema}.schedule LEFT JOIN ${schema}.schedule_state AS state USING (name, key) ORDER BY name, key`;

/** Times during a pause do not count as missed: a resumed schedule continues from now. */
const pauseSql = `
  INSERT INTO ${schema}.schedule_state AS s (name, key, paused)
    SELECT name, key, $3 FROM ${schema}.schedule WHERE name = $1 AND key = $2
  ON CONFLICT (name, key) DO UPDATE SET
    paused = EXCLUDED.paused, done = CASE WHEN s.paused AND NOT EXCLUDED.paused THEN now() ELSE s.done END
  RETURNING 1 AS one`;

/** The schedules in pg-boss's table; TaskCron queues their tasks. */
export class TaskSchedules {
  readonly #database: TaskDatabase;

  constructor(database: TaskDatabase) {
    this.#database = database;
  }

  /** @throws PeekError `TASK_OPTIONS_INVALID`, or as the database. */
  async put(...[queue, name, cron, tz, request, policy = {}]: Parameters<TaskQueue["schedule"]>): Promise<void> {
    let next: number | undefined;
    try {
      next = new CronTimes(cron, tz).after(Date.now());
    } catch (error) {
      throw invalid(queue, messageOf(error), error);
    }
    if (next === undefined) throw invalid(queue, `"${cron}" matches no date`);
    const { input, retry, priority, key, deadlineMs } = request;
    const data: Envelope = { input, retry, failures: 0 };
    const options: z.input<typeof scheduleOptionsSchema> = {
      priority,
      ...(key !== undefined && { key }),
      takes: retry.tries + maxLosses,
      expire: expirySeconds(deadlineMs),
      ...policy,
    };
    await this.#database.query(putSql, [
      queueText(queue),
      name,
      cron,
      tz,
      JSON.stringify(data),
      JSON.stringify(options),
    ]);
  }

  /** @throws PeekError as the database. */
  async remove(queue: QueueName, name: string): Promise<boolean> {
    const sql = `DELETE FROM ${schema}.schedule WHERE name = $1 AND key = $2 RETURNING key`;
    return (await this.#database.query(sql, [queueText(queue), name])).rows.length > 0;
  }

  /** @throws PeekError as the database. */
  async pause(queue: QueueName, name: string, paused: boolean): Promise<boolean> {
    return (await this.#database.query(pauseSql, [queueText(queue), name, paused])).rows.length > 0;
  }

  /** @throws PeekError as the database. */
  async all(): Promise<readonly TaskSchedule[]> {
    const { rows } = await this.#database.query(
      `SELECT name, key, cron, timezone FROM ${schema}.schedule ORDER BY name, key`,
    );
    return rows.flatMap((row) => {
      const { name, key, cron, timezone } = rowSchema.parse(row);
      const queue = parseQueueText(name);
      return queue === undefined ? [] : [{ queue, name: key, cron, tz: timezone ?? "UTC" }];
    });
  }

  /** @throws PeekError as the database. */
  async states(): Promise<readonly ScheduleState[]> {
    return (await this.#database.query(statesSql)).rows.flatMap((row) => {
      const { name, key, cron, timezone, options, paused, now, last, waiting, leftOut } = stateSchema.parse(row);
      const queue = parseQueueText(name);
      const { data: known } = scheduleOptionsSchema.safeParse(options);
      if (queue === undefined || known === undefined) return [];
      const { maxWaiting, missed } = known;
      const tz = timezone ?? "UTC";
      const next = paused ? undefined : nextOf(cron, tz, now);
      return [
        {
          ...{ queue, name: key, cron, tz, maxWaiting, missed, paused, waiting, leftOut },
          ...(next !== undefined && { next: new Date(next).toISOString() }),
          ...(last !== null && { last: new Date(last).toISOString() }),
        },
      ];
    });
  }
}

/** @returns undefined also for an invalid expression that an older Peek accepted. */
function nextOf(cron: string, tz: string, now: number): number | undefined {
  try {
    return new CronTimes(cron, tz).after(now);
  } catch {
    return undefined;
  }
}

function invalid(queue: QueueName, problem: string, cause?: unknown): PeekError {
  return new PeekError("TASK_OPTIONS_INVALID", `The task ${queue.task} cannot be scheduled: ${problem}.`, {
    ...(cause !== undefined && { cause }),
    fields: { task: queue.task },
  });
}
