import { runTable } from "./jobsPlugin.ts";
import type { TaskSystem } from "./TaskSystem.ts";
import { until } from "./until.ts";

/** The options of the scenario. */
export interface KilledWorkersOptions {
  readonly tasks: number;
  /** The number of kills. Before each kill, one part of the tasks is queued. */
  readonly kills: number;
  /** The number of running tasks of a worker when it is killed. */
  readonly running: number;
  /** The time limit in milliseconds for the remaining tasks after the last kill. */
  readonly limitMs: number;
}

/** The results. */
export interface KilledWorkersFigures {
  readonly kills: number;
  /** Tasks without a result at the end. */
  readonly lost: number;
  /** Attempts that were running on a worker when it was killed: at most {@link KilledWorkersOptions.running} on each. */
  readonly interrupted: number;
  /** Attempts on a killed worker that were followed by another attempt. */
  readonly lostTries: number;
  /** Attempts of tasks whose success had been recorded. */
  readonly begunAfterSuccess: number;
  /** The longest time in milliseconds from a kill to the next attempt of a lost task. */
  readonly retriedMs: number;
  /** Milliseconds from the first task to the last. */
  readonly tookMs: number;
}

/** The duration of one task. */
const taskMs = 1000;
/** The time in which other workers execute tasks before lost ones can return. */
const goOnMs = 8000;

/** A worker is killed each time that it is full, while others continue. */
export async function killedWorkers(system: TaskSystem, options: KilledWorkersOptions): Promise<KilledWorkersFigures> {
  const { tasks, kills, running, limitMs } = options;
  await system.startWorkers(2, { config: { tasks: { lightConcurrency: Math.ceil(running / 4) } } });
  const victim = await system.startWorker({ config: { tasks: { lightConcurrency: running } } });
  const began = performance.now();
  let interrupted = 0;
  const killed: { readonly pid: number; readonly at: unknown }[] = [];
  const completed = async (): Promise<number> => system.inState("completed", "Note");
  const share = Math.ceil(tasks / kills);
  for (let from = 0; from < tasks; from += share) {
    if (from > 0) await victim.start();
    const count = Math.min(share, tasks - from);
    await system.ask({ ask: "enqueueMany", task: "Note", from, count, ms: taskMs });
    await until("it is full", async () => (await underWay(system, victim.pid)) >= running, limitMs);
    const [row] = await system.query("SELECT clock_timestamp()::text AS at");
    const { pid } = victim;
    await victim.kill();
    killed.push({ pid, at: row?.["at"] });
    interrupted += await underWay(system, pid);
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
    interrupted,
    lostTries,
    begunAfterSuccess: await system.begunAfterSuccess(),
    retriedMs: Math.max(...retried),
    tookMs,
  };
}

/** The number of running tasks of a worker. */
async function underWay(system: TaskSystem, pid: number): Promise<number> {
  return system.count(`SELECT count(*) FROM ${runTable()} WHERE pid = $1 AND ended IS NULL`, [pid]);
}
