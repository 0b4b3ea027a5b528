import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import { messageOf, PeekError } from "@peek/errors";
import { PgBoss } from "pg-boss";
import { z } from "zod";
import { BossConnection } from "./BossConnection.ts";
import { DepthCounter } from "./DepthCounter.ts";
import { schema } from "./layoutSql.ts";
import { openAsOwner, openAsUser } from "./openLayout.ts";
import { areDone, doneColumns, inLockOrder, outcomeRows } from "./outcomeRows.ts";
import { type QueueName, queueText } from "./QueueName.ts";
import { queueOptions, requestRows } from "./requestRows.ts";
import type {
  Attempt,
  AttemptOutcome,
  RunStatement,
  ScheduleState,
  StoredTask,
  FetchedTask,
  TaskDepth,
  TaskQueue,
  TaskRequest,
  TaskSchedule,
} from "./TaskQueue.ts";
import { TaskCron } from "./TaskCron.ts";
import { TaskSchedules } from "./TaskSchedules.ts";
import { TaskAdmin } from "./TaskAdmin.ts";
import { TaskFetcher } from "./TaskFetcher.ts";
import { cancelSql, dueSql, settleDoneSql, settleSql, touchSql } from "./taskSql.ts";
import { type Retention, TaskMaintenance } from "./TaskMaintenance.ts";
import { retryOnConflict } from "./retryOnConflict.ts";

/** Options of {@link PgBossTaskQueue.open}. */
export interface TaskQueueOpenOptions {
  readonly database: TaskDatabase;
  /** `owner`: creates the schema, maintains it and runs the schedules. `user`: waits until an owner has created it. */
  readonly role: "owner" | "user";
  /** How long tasks that are done or cancelled are kept. Only the owner's value is used. */
  readonly keepResultsHours: number;
  /** How long dead letters are kept. Only the owner's value is used. */
  readonly keepDeadLettersDays: number;
  /** After how long without a heartbeat a task counts as lost with its worker. */
  readonly lostAfterSeconds: number;
  readonly logger: Logger;
  /** How often a `user` checks whether an owner has created the schema. Default: 1,000. */
  readonly pollMs?: number;
  /** Aborts opening. */
  readonly signal: AbortSignal;
}

/** pg-boss's errors are logged no more often. */
const quietMs = 60_000;
/** The interval of pg-boss's polls that Peek does not need. */
const idleIntervalSeconds = 600;

const idSchema = z.object({ rows: z.tuple([z.object({ id: z.string() })]) });

/** A task queue in PostgreSQL, based on pg-boss. */
export class PgBossTaskQueue implements TaskQueue {
  readonly #database: TaskDatabase;
  readonly #owned: AsyncDisposableStack;
  readonly #lostAfterSeconds: number;
  readonly #role: TaskQueueOpenOptions["role"];
  readonly #fetcher: TaskFetcher;
  readonly #admin: TaskAdmin;
  readonly #schedules: TaskSchedules;
  readonly #depths: DepthCounter;
  readonly #ensured = new Map<string, Promise<void>>();

  private constructor(options: TaskQueueOpenOptions, schedules: TaskSchedules, owned: AsyncDisposableStack) {
    this.#database = options.database;
    this.#owned = owned;
    this.#lostAfterSeconds = options.lostAfterSeconds;
    this.#role = options.role;
    this.#fetcher = new TaskFetcher(this.#database, (queue, outcomes) => this.settle(queue, outcomes));
    this.#admin = new TaskAdmin(this.#database);
    this.#schedules = schedules;
    this.#depths = new DepthCounter(this.#database);
  }

  /**
   * Opens the tasks of a database. The caller keeps ownership of the database.
   *
   * @throws PeekError `STORAGE_TOO_NEW`, or as the database; the reason of the signal.
   */
  static async open(options: TaskQueueOpenOptions): Promise<PgBossTaskQueue> {
    const { database, role, logger, signal } = options;
    await using owned = new AsyncDisposableStack();
    const connection = owned.use(new BossConnection(database));
    const retention: Retention = {
      // pg-boss takes 0 as "for ever".
      resultsSeconds: Math.max(1, Math.round(options.keepResultsHours * 3600)),
      deadLettersSeconds: Math.max(1, Math.round(options.keepDeadLettersDays * 86_400)),
    };
    const boss = makeBoss(connection, database, logger);
    if (role === "owner") {
      owned.defer(() => boss.stop({ graceful: false }));
      await openAsOwner(database, boss, connection);
      const sweepMs = Math.max(200, (options.lostAfterSeconds * 1000) / 2);
      owned.use(
        new TaskMaintenance({
          database,
          logger,
          sweepMs,
          retention,
        }),
      );
      owned.use(new TaskCron({ database, logger }));
    } else {
      await openAsUser(database, { logger, signal, pollMs: options.pollMs ?? 1000 });
    }
    const schedules = new TaskSchedules(database);
    return new PgBossTaskQueue(options, schedules, owned.move());
  }

  async ensure(queue: QueueName): Promise<void> {
    const name = queueText(queue);
    let ensured = this.#ensured.get(name);
    if (ensured === undefined) {
      ensured = this.#make(name, queue);
      this.#ensured.set(name, ensured);
      ensured.catch(() => this.#ensured.delete(name));
    }
    await ensured;
  }

  async insert(queue: QueueName, requests: readonly TaskRequest[], within?: RunStatement): Promise<readonly string[]> {
    if (requests.length === 0) return [];
    const run = within ?? ((sql, values) => this.#database.query(sql, values));
    const values = [queueText(queue), requestRows(requests)];
    if (queue.kind !== "single") {
      await run(`SELECT ${schema}.enqueue($1, $2::text::json)`, values);
      return requests.map(({ id }) => id);
    }
    if (requests.length > 1) {
      throw new PeekError(
        "TASK_OPTIONS_INVALID",
        `Tasks of ${queue.task} with a singleton key are queued one at a time.`,
        {
          fields: { task: queue.task },
        },
      );
    }
    const result = idSchema.parse(await run(`SELECT ${schema}.enqueue_single($1, $2::text::json) AS id`, values));
    return [result.rows[0].id];
  }

  fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]> {
    return this.#fetcher.fetch(queue, count);
  }

  async due(queues: readonly QueueName[]): Promise<readonly QueueName[]> {
    if (queues.length === 0) return [];
    const byName = new Map(queues.map((queue) => [queueText(queue), queue]));
    const { rows } = await this.#database.query(dueSql, [[...byName.keys()]]);
    return rows.flatMap(({ name }) => byName.get(String(name)) ?? []);
  }

  async settle(queue: QueueName, outcomes: readonly AttemptOutcome[]): Promise<ReadonlySet<string>> {
    if (outcomes.length === 0) return new Set();
    const sorted = inLockOrder(outcomes);
    const name = queueText(queue);
    const [sql, values] = areDone(sorted)
      ? [settleDoneSql, [name, ...doneColumns(sorted)]]
      : [settleSql, [name, JSON.stringify(outcomeRows(sorted))]];
    return idsOf(await retryOnConflict(() => this.#database.query(sql, values)));
  }

  async touch(queue: QueueName, attempts: readonly Attempt[]): Promise<ReadonlySet<string>> {
    if (attempts.length === 0) return new Set();
    const sorted = attempts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const values = [queueText(queue), sorted.map(({ id }) => id), sorted.map(({ retryCount }) => retryCount)];
    return idsOf(await retryOnConflict(() => this.#database.query(touchSql, values)));
  }

  async cancel(queue: QueueName, id: string): Promise<boolean> {
    const { rows } = await this.#database.query(cancelSql, [queueText(queue), id]);
    return rows.length > 0;
  }

  read(id: string): Promise<StoredTask | undefined> {
    return this.#admin.read(id);
  }

  readByKey(...query: Parameters<TaskQueue["readByKey"]>): Promise<readonly StoredTask[]> {
    return this.#admin.readByKey(...query);
  }

  depths(): Promise<readonly TaskDepth[]> {
    return this.#depths.depths();
  }

  list(filter: Parameters<TaskQueue["list"]>[0]): Promise<readonly StoredTask[]> {
    return this.#admin.list(filter);
  }

  retry(filter: Parameters<TaskQueue["retry"]>[0]): Promise<number> {
    return this.#admin.retry(filter);
  }

  drop(filter: Parameters<TaskQueue["drop"]>[0]): Promise<number> {
    return this.#admin.drop(filter);
  }

  async schedule(...schedule: Parameters<TaskQueue["schedule"]>): Promise<void> {
    await this.ensure(schedule[0]);
    await this.#schedules.put(...schedule);
  }

  unschedule(queue: QueueName, name: string): Promise<boolean> {
    return this.#schedules.remove(queue, name);
  }

  schedules(): Promise<readonly TaskSchedule[]> {
    return this.#schedules.all();
  }

  scheduleStates(): Promise<readonly ScheduleState[]> {
    return this.#schedules.states();
  }

  pauseSchedule(queue: QueueName, name: string, paused: boolean): Promise<boolean> {
    return this.#schedules.pause(queue, name, paused);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  async #make(name: string, { kind }: QueueName): Promise<void> {
    const options = queueOptions(kind, this.#lostAfterSeconds);
    await this.#database.query(`SELECT ${schema}.create_queue($1, $2::text::jsonb)`, [name, options]);
    if (this.#role === "user") return;
    // The configuration may have changed since the queue was created.
    await this.#database.query(
      `UPDATE ${schema}.queue SET heartbeat_seconds = $2 WHERE name = $1 AND heartbeat_seconds IS DISTINCT FROM $2`,
      [name, this.#lostAfterSeconds],
    );
  }
}

function makeBoss(connection: BossConnection, database: TaskDatabase, logger: Logger): PgBoss {
  const boss = new PgBoss({
    db: connection,
    schema,
    // TaskMaintenance and TaskCron do this: pg-boss would read the whole table each minute, and poll for schedules each second.
    supervise: false,
    schedule: false,
    // Peek uses no flows, and index builds after a migration may take their time.
    flowIntervalSeconds: idleIntervalSeconds,
    bamIntervalSeconds: idleIntervalSeconds,
    queueCacheIntervalSeconds: idleIntervalSeconds,
  });
  let quietUntil = -Infinity;
  const report = (problem: unknown): void => {
    // The storage reports an unavailable database.
    if (!database.available || performance.now() < quietUntil) return;
    quietUntil = performance.now() + quietMs;
    logger.warning("pg-boss: %s", messageOf(problem).replaceAll(/\s+/g, " ").slice(0, 500));
  };
  boss.on("error", (error) => report(connection.explain(error) ?? error));
  boss.on("warning", ({ message }) => report(message));
  return boss;
}

function idsOf({ rows }: Awaited<ReturnType<TaskDatabase["query"]>>): ReadonlySet<string> {
  return new Set(rows.map(({ id }) => String(id)));
}
