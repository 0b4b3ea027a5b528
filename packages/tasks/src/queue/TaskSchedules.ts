import { messageOf, PeekError } from "@peek/errors";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { PgBoss } from "pg-boss";
import { z } from "zod";
import type { BossConnection } from "./BossConnection.ts";
import { retentionSeconds, schema } from "./layoutSql.ts";
import { parseQueueText, type QueueName, queueText } from "./QueueName.ts";
import type { Envelope } from "./rows.ts";
import type { TaskQueue, TaskSchedule } from "./TaskQueue.ts";
import { expirySeconds, takesBesideTries } from "./requestRows.ts";

/** The longest that pg-boss lets a task run; seconds. */
const longestExpiry = 24 * 60 * 60;

const rowSchema = z.object({ name: z.string(), key: z.string(), cron: z.string(), timezone: z.string().nullable() });

/** Schedules: pg-boss keeps them, and queues their tasks where it runs as the owner. */
export class TaskSchedules {
  readonly #database: TaskDatabase;
  readonly #boss: PgBoss;
  readonly #connection: BossConnection;

  constructor(database: TaskDatabase, boss: PgBoss, connection: BossConnection) {
    this.#database = database;
    this.#boss = boss;
    this.#connection = connection;
  }

  /** @throws PeekError `TASK_OPTIONS_INVALID`, or as the database. */
  async put(...[queue, name, cron, tz, request]: Parameters<TaskQueue["schedule"]>): Promise<void> {
    // pg-boss takes more than that: seconds, names of times, and recurrence rules.
    if (!/^\s*\S+(?:\s+\S+){4}\s*$/.test(cron)) throw invalid(queue, `"${cron}" is no cron expression of five fields`);
    const { input, retry, priority, key, deadlineMs } = request;
    const data: Envelope = { input, retry, failures: 0 };
    try {
      await this.#boss.schedule(queueText(queue), cron, data, {
        tz,
        key: name,
        priority,
        ...(key !== undefined && { singletonKey: key }),
        retryLimit: retry.tries + takesBesideTries,
        expireInSeconds: Math.min(expirySeconds(deadlineMs), longestExpiry),
        retentionSeconds,
      });
    } catch (error) {
      throw this.#connection.explain(error) ?? invalid(queue, messageOf(error), error);
    }
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
