import type { TaskDatabase } from "@peek/plugin-base/internal";
import { z } from "zod";
import { schema } from "./layoutSql.ts";
import { parseQueueText } from "./QueueName.ts";
import type { TaskDepth } from "./TaskQueue.ts";

/** How long a result is cached. */
const cacheMs = 5000;
/** The tasks of a queue that are counted each time. */
const maxCounted = 10_000;
/** A longer queue is counted again after this many times the duration of the count: it uses at most 2 % of a connection. */
const pauseFactor = 50;

const due = "state < 'active' AND NOT blocked";

/** Counts up to $1 tasks by the indexes. The oldest task is searched in each priority, of which there are few. */
const countSql = `
  SELECT q.name, c.waiting, c.later, r.running, f.failed, o.since FROM ${schema}.queue AS q
  CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE x.start_after <= now())::integer AS waiting,
      count(*) FILTER (WHERE x.start_after > now())::integer AS later
    FROM (SELECT start_after FROM ${schema}.job_common WHERE name = q.name AND ${due} LIMIT $1) AS x
  ) AS c
  CROSS JOIN LATERAL (
    SELECT count(*)::integer AS running FROM ${schema}.job_common WHERE name = q.name AND state = 'active'
  ) AS r
  CROSS JOIN LATERAL (
    SELECT count(*)::integer AS failed
    FROM (SELECT FROM ${schema}.job_common WHERE name = q.name AND state = 'failed' LIMIT $1) AS x
  ) AS f
  CROSS JOIN LATERAL (
    WITH RECURSIVE levels AS (
      (SELECT priority FROM ${schema}.job_common WHERE name = q.name AND ${due} ORDER BY priority DESC LIMIT 1)
      UNION ALL
      SELECT (SELECT j.priority FROM ${schema}.job_common AS j
        WHERE j.name = q.name AND ${due} AND j.priority < levels.priority ORDER BY j.priority DESC LIMIT 1)
      FROM levels WHERE levels.priority IS NOT NULL
    )
    SELECT (extract(epoch FROM now() - min(first.start_after)) * 1000)::double precision AS since
    FROM levels CROSS JOIN LATERAL (
      SELECT j.start_after FROM ${schema}.job_common AS j
      WHERE j.name = q.name AND ${due} AND j.priority = levels.priority AND j.start_after <= now()
      ORDER BY j.priority DESC, j.created_on LIMIT 100
    ) AS first
  ) AS o`;

const countAllSql = `
  SELECT c.waiting, c.later, f.failed FROM (
    SELECT count(*) FILTER (WHERE start_after <= now())::integer AS waiting,
      count(*) FILTER (WHERE start_after > now())::integer AS later
    FROM ${schema}.job_common WHERE name = $1 AND ${due}
  ) AS c CROSS JOIN (SELECT count(*)::integer AS failed FROM ${schema}.job_common WHERE name = $1 AND state = 'failed') AS f`;

const countsSchema = z.object({ waiting: z.int(), later: z.int(), failed: z.int() });
const rowSchema = countsSchema.extend({
  name: z.string(),
  running: z.int(),
  since: z.number().nullable(),
});

/** The counts of a long queue, and when it may be counted again, by `performance.now()`. */
interface LongCount extends z.output<typeof countsSchema> {
  readonly until: number;
}

/** The depths of the queues. Short queues are counted each time; the cost of counting long ones is bounded. */
export class DepthCounter {
  readonly #database: TaskDatabase;
  readonly #long = new Map<string, LongCount>();
  #last: { readonly until: number; readonly depths: Promise<readonly TaskDepth[]> } | undefined;

  constructor(database: TaskDatabase) {
    this.#database = database;
  }

  /** @throws PeekError as the database. */
  async depths(): Promise<readonly TaskDepth[]> {
    if (this.#last !== undefined && performance.now() < this.#last.until) return await this.#last.depths;
    const depths = this.#count();
    this.#last = { until: performance.now() + cacheMs, depths };
    try {
      return await depths;
    } catch (error) {
      this.#last = undefined;
      throw error;
    }
  }

  async #count(): Promise<readonly TaskDepth[]> {
    const { rows } = await this.#database.query(countSql, [maxCounted]);
    const depths = new Map<string, TaskDepth>();
    for (const row of rows) {
      const counted = rowSchema.parse(row);
      const queue = parseQueueText(counted.name);
      if (queue === undefined) continue;
      const { waiting, later, failed } = await this.#ofQueue(counted);
      const { task } = queue;
      const before = depths.get(task);
      depths.set(task, {
        task,
        waiting: (before?.waiting ?? 0) + waiting,
        later: (before?.later ?? 0) + later,
        running: (before?.running ?? 0) + counted.running,
        failed: (before?.failed ?? 0) + failed,
        oldestMs: largest(before?.oldestMs, counted.since ?? undefined),
      });
    }
    return [...depths.values()].sort((a, b) => (a.task < b.task ? -1 : 1));
  }

  async #ofQueue({ name, waiting, later, failed }: z.output<typeof rowSchema>): Promise<z.output<typeof countsSchema>> {
    if (waiting + later < maxCounted && failed < maxCounted) {
      this.#long.delete(name);
      return { waiting, later, failed };
    }
    const known = this.#long.get(name);
    const startedAt = performance.now();
    if (known !== undefined && startedAt < known.until) return known;
    const { rows } = await this.#database.query(countAllSql, [name]);
    const counted = countsSchema.parse(rows[0]);
    const now = performance.now();
    this.#long.set(name, { ...counted, until: now + pauseFactor * (now - startedAt) });
    return counted;
  }
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
