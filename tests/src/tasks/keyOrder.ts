import { runTable } from "./jobsPlugin.ts";
import type { TaskSystem } from "./TaskSystem.ts";
import { until } from "./until.ts";

/** The options of the scenario. */
export interface KeyOrderOptions {
  readonly workers: number;
  readonly keys: number;
  /** Tasks of each key. */
  readonly each: number;
  /** The number of times that one of the workers is killed meanwhile. Default: 0. */
  readonly kills?: number;
  readonly limitMs: number;
}

/** The results. */
export interface KeyOrderFigures {
  readonly done: number;
  /** The number of workers that executed tasks. */
  readonly workers: number;
  /** Attempts that began while one with the same key was running, or after a later one. */
  readonly outOfOrder: number;
  readonly tookMs: number;
}

/** The number of a key's first task is this multiple of the key's number. */
const step = 10_000;

/** Many workers execute tasks of many keys, one after the other for each. */
export async function keyOrder(system: TaskSystem, options: KeyOrderOptions): Promise<KeyOrderFigures> {
  const { keys, each, limitMs } = options;
  const workers = await system.startWorkers(options.workers);
  const began = performance.now();
  for (let at = 0; at < each; at += each / 2) {
    for (let key = 0; key < keys; key += 1) {
      const inputs = Array.from({ length: each / 2 }, (_, index) => ({ n: key * step + at + index, ms: 2 }));
      await system.ask({ ask: "enqueueAll", task: "Note", inputs, options: { key: `key ${key}` } });
    }
  }
  for (let kill = 0; kill < (options.kills ?? 0); kill += 1) {
    const victim = workers[kill % workers.length];
    await victim?.kill();
    await victim?.start();
  }
  await until("all are done", async () => (await system.inState("completed", "Note")) === keys * each, limitMs);
  const tookMs = performance.now() - began;
  // An attempt that was lost with its worker has no end; the next one has the same number.
  return {
    done: await system.count(`SELECT count(DISTINCT n) FROM ${runTable()} WHERE ended IS NOT NULL`),
    workers: await system.count(`SELECT count(DISTINCT pid) FROM ${runTable()}`),
    outOfOrder: await system.count(
      `SELECT count(*) FROM (
         SELECT n, began, lag(n) OVER key AS n_before, lag(ended) OVER key AS ended_before
         FROM ${runTable()} WINDOW key AS (PARTITION BY n / ${step} ORDER BY seq)
       ) tries
       WHERE n < n_before OR n > n_before + 1 OR began < ended_before
         OR (ended_before IS NULL AND n <> n_before)`,
    ),
    tookMs,
  };
}
