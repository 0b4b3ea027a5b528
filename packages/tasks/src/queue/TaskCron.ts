import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { schema } from "./layoutSql.ts";
import { occurrenceId } from "./occurrence.ts";
import { parseQueueText } from "./QueueName.ts";
import { Repeated } from "./Repeated.ts";

/** Gives the times of a cron expression after another, the soonest first. @throws Error for what is none. */
export type TimesOf = (cron: string, tz: string, after: Date) => Date;

/** What a {@link TaskCron} is made of. */
export interface TaskCronOptions {
  readonly database: TaskDatabase;
  readonly logger: Logger;
  readonly timesOf: TimesOf;
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
});

const rowSchema = z.object({
  name: z.string(),
  key: z.string(),
  cron: z.string(),
  timezone: z.string().nullable(),
  data: z.unknown(),
  options: z.unknown(),
  created_on: timeSchema,
  now: timeSchema,
});

type Row = z.output<typeof rowSchema>;

const schedulesSql = `SELECT name, key, cron, timezone, data, options, created_on, now() AS now FROM ${schema}.schedule`;

/**
 * Queues the tasks of the schedules when their times come, by the database's clock. pg-boss would do so by tasks of its own for each
 * time, looks for them every second, and queues the last time before a schedule was made as well.
 */
export class TaskCron implements AsyncDisposable {
  readonly #options: TaskCronOptions;
  readonly #repeated: Repeated;
  /** Up to which time all was queued. */
  #done: number | undefined;
  /** Which cannot be read, and were told. */
  #broken: ReadonlySet<string> = new Set();

  constructor(options: TaskCronOptions) {
    const { database, logger } = options;
    this.#options = options;
    const work = (): Promise<void> => this.#look();
    this.#repeated = new Repeated({ work, pauseMs, trouble: "Scheduled tasks cannot be queued", database, logger });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repeated[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const rows = (await this.#options.database.query(schedulesSql)).rows.map((row) => rowSchema.parse(row));
    const now = rows[0]?.now.getTime();
    if (now === undefined) return;
    const from = Math.max(this.#done ?? now - firstMs, now - mostMs);
    const broken = new Set<string>();
    for (const row of rows) {
      const trouble = await this.#queue(row, Math.max(from, row.created_on.getTime()), now);
      if (trouble === undefined) continue;
      const told = `The schedule ${row.key} (${row.cron}) of ${row.name} cannot be read: ${trouble}`;
      broken.add(told);
      if (!this.#broken.has(told)) this.#options.logger.error("%s", told);
    }
    this.#broken = broken;
    this.#done = now;
  }

  /** @returns Why nobody can read it. @throws PeekError as the database. */
  async #queue(row: Row, from: number, to: number): Promise<string | undefined> {
    const queue = parseQueueText(row.name);
    const { data: options, error } = scheduleOptionsSchema.safeParse(row.options);
    if (queue === undefined) return undefined;
    if (options === undefined) return messageOf(error);
    const due: Date[] = [];
    try {
      const next = (after: number): Date => this.#options.timesOf(row.cron, row.timezone ?? "UTC", new Date(after));
      for (let at = next(from); at.getTime() <= to; at = next(at.getTime())) due.push(at);
    } catch (error) {
      return messageOf(error);
    }
    if (due.length === 0) return undefined;
    const requests = due.map((at) => ({ ...options, id: occurrenceId(queue, row.key, at), data: row.data }));
    const name = queue.kind === "single" ? "enqueue_single" : "enqueue";
    await this.#options.database.query(`SELECT ${schema}.${name}($1, $2::text::json)`, [
      row.name,
      JSON.stringify(requests),
    ]);
    return undefined;
  }
}
