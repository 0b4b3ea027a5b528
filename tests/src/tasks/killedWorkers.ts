import { runTable } from "./jobsPlugin.ts";
import type { JobsWorker } from "./JobsWorker.ts";
import type { TaskSystem } from "./TaskSystem.ts";
import { until } from "./until.ts";

/** What goes on while workers are killed. */
export interface KilledWorkersOptions {
  readonly tasks: number;
  /** How often. So many tasks are queued in as many parts: before each kill one. */
  readonly kills: number;
  /** How many tasks a worker that is killed runs then. */
  readonly running: number;
  /** How long the rest may take, when none is killed any more; milliseconds. */
  readonly limitMs: number;
}

/** What came of it. */
export interface KilledWorkersFigures {
  readonly kills: number;
  /** Tasks that were not done in the end. */
  readonly lost: number;
  /** Tries that were under way on a worker that was killed. */
  readonly lostTries: number;
  /** Tries of tasks whose success had been recorded. */
  readonly begunAfterSuccess: number;
  /** From the kill to the next try of what was lost with it, the longest; milliseconds. */
  readonly retriedMs: number;
  /** From the first task to the last; milliseconds. */
  readonly tookMs: number;
}

/** What one task takes; milliseconds. */
const taskMs = 1000;
/** Others do some before what was lost can come back; milliseconds. */
const goOnMs = 8000;

/** A worker is killed whenever it is full, while others go on. */
export async function killedWorkers(system: TaskSystem, options: KilledWorkersOptions): Promise<KilledWorkersFigures> {
  const { tasks, kills, running, limitMs } = options;
  await system.startWorkers(2, { config: { tasks: { lightConcurrency: Math.ceil(running / 4) } } });
  const victim = await system.startWorker({ config: { tasks: { lightConcurrency: running } } });
  const began = performance.now();
  const killed: { readonly pid: number; readonly at: unknown }[] = [];
  const completed = async (): Promise<number> => system.inState("completed", "Note");
  const share = Math.ceil(tasks / kills);
  for (let from = 0; from < tasks; from += share) {
    if (from > 0) await victim.start();
    const count = Math.min(share, tasks - from);
    await system.ask({ ask: "enqueueMany", task: "Note", from, count, ms: taskMs });
    await until("it is full", async () => (await underWay(system, victim)) >= running, limitMs);
    const [row] = await system.query("SELECT clock_timestamp()::text AS at");
    const { pid } = victim;
    await victim.kill();
    killed.push({ pid, at: row?.["at"] });
    const done = await completed();
    await until("others go on", async () => (await completed()) > done, goOnMs);
  }
  await until("all are done", async () => (await completed()) === tasks, limitMs);
  const tookMs = performance.now() - began;
  const retried: number[] = [];
  let lostTries = 0;
  for (const { pid, at } of killed) {
    const [row] = await system.query(
      `SELECT count(*) AS tries, extract(epoch FROM max(next.began) - $2::timestamptz) * 1000 AS ms
       FROM ${runTable()} lost
       CROSS JOIN LATERAL (SELECT min(began) AS began FROM ${runTable()} WHERE id = lost.id AND seq > lost.seq) next
       WHERE lost.pid = $1 AND next.began IS NOT NULL`,
      [pid, at],
    );
    lostTries += Number(row?.["tries"]);
    retried.push(Number(row?.["ms"]));
  }
  return {
    kills: killed.length,
    lost: tasks - (await system.count(`SELECT count(DISTINCT n) FROM ${runTable()} WHERE ended IS NOT NULL`)),
    lostTries,
    begunAfterSuccess: await system.begunAfterSuccess(),
    retriedMs: Math.max(...retried),
    tookMs,
  };
}

/** How many tasks a worker is at. */
async function underWay(system: TaskSystem, { pid }: JobsWorker): Promise<number> {
  return system.count(`SELECT count(*) FROM ${runTable()} WHERE pid = $1 AND ended IS NULL`, [pid]);
}
