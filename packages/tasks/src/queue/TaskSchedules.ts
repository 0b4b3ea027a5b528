import { messageOf, PeekError } from "@peek/errors";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { schema } from "./layoutSql.ts";
import { parseQueueText, type QueueName, queueText } from "./QueueName.ts";
import type { Envelope } from "./rows.ts";
import type { scheduleOptionsSchema, TimesOf } from "./TaskCron.ts";
import type { TaskQueue, TaskSchedule } from "./TaskQueue.ts";
import { expirySeconds, takesBesideTries } from "./requestRows.ts";

const rowSchema = z.object({ name: z.string(), key: z.string(), cron: z.string(), timezone: z.string().nullable() });

/** What is replaced goes on from where it was, unless its times are others. */
const putSql = `
  INSERT INTO ${schema}.schedule AS s (name, key, cron, timezone, data, options)
  VALUES ($1, $2, $3, $4, $5::text::jsonb, $6::text::jsonb)
  ON CONFLICT (name, key) DO UPDATE SET
    created_on = CASE WHEN (s.cron, s.timezone) IS DISTINCT FROM (EXCLUDED.cron, EXCLUDED.timezone) THEN now() ELSE s.created_on END,
    cron = EXCLUDED.cron, timezone = EXCLUDED.timezone, data = EXCLUDED.data, options = EXCLUDED.options, updated_on = now()`;

/** The schedules that were made, in pg-boss's table of them; TaskCron queues their tasks. */
export class TaskSchedules {
  readonly #database: TaskDatabase;
  readonly #timesOf: TimesOf;

  /** @param timesOf Checks an expression. */
  constructor(database: TaskDatabase, timesOf: TimesOf) {
    this.#database = database;
    this.#timesOf = timesOf;
  }

  /** @throws PeekError `TASK_OPTIONS_INVALID`, or as the database. */
  async put(...[queue, name, cron, tz, request]: Parameters<TaskQueue["schedule"]>): Promise<void> {
    // cron-parser takes more than that: seconds, and names of times.
    if (!/^\s*\S+(?:\s+\S+){4}\s*$/.test(cron)) throw invalid(queue, `"${cron}" is no cron expression of five fields`);
    try {
      this.#timesOf(cron, tz, new Date());
    } catch (error) {
      throw invalid(queue, messageOf(error), error);
    }
    const { input, retry, priority, key, deadlineMs } = request;
    const data: Envelope = { input, retry, failures: 0 };
    const options: z.input<typeof scheduleOptionsSchema> = {
      priority,
      ...(key !== undefined && { key }),
      takes: retry.tries + takesBesideTries,
      expire: expirySeconds(deadlineMs),
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
}

function invalid(queue: QueueName, what: string, cause?: unknown): PeekError {
  return new PeekError("TASK_OPTIONS_INVALID", `The task ${queue.task} cannot be scheduled: ${what}.`, {
    ...(cause !== undefined && { cause }),
    fields: { task: queue.task },
  });
}
