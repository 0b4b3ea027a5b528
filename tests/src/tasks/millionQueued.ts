import { setTimeout as pause } from "node:timers/promises";
import { memoryOf } from "../live/memoryOf.ts";
import { jobsName } from "./jobsPlugin.ts";
import type { JobsWorker } from "./JobsWorker.ts";
import type { TaskSystem } from "./TaskSystem.ts";
import { until } from "./until.ts";

/** The throughput and memory of a worker with a long queue. */
export interface QueuedFigures {
  /** Percentiles from `peek status`. */
  readonly depth: number;
  readonly enqueuedPerSecond: number;
  readonly perSecond: number;
  /** The largest memory during the measurement, in MiB. */
  readonly logicMb: number;
  readonly workerMb: number;
}

/** The duration of the measurement. */
const measureMs = 10_000;
/** The number of tasks that are queued again at a time. */
const refill = 500;

/** Makes a worker execute empty tasks from a queue that stays long. */
export async function doneWith(system: TaskSystem, worker: JobsWorker, tasks: number): Promise<QueuedFigures> {
  await worker.kill();
  const began = performance.now();
  await system.ask({ ask: "enqueueMany", task: "Noop", from: 0, count: tasks });
  const enqueuedPerSecond = (tasks / (performance.now() - began)) * 1000;
  let depth = 0;
  const isKnown = async (): Promise<boolean> => {
    depth = await depthOf(system);
    return depth >= tasks;
  };
  await until("the depth is known", isKnown, 60_000);
  await worker.start();
  await until("it has begun", async () => (await begunBy(worker)) > 0);
  const most = { logicMb: 0, workerMb: 0 };
  const from = { at: performance.now(), begun: await begunBy(worker) };
  // Executed tasks are queued again, so that the length of the queue stays about the same.
  let queued = tasks;
  while (performance.now() - from.at < measureMs) {
    most.logicMb = Math.max(most.logicMb, await memoryOf(system.logic.pid));
    most.workerMb = Math.max(most.workerMb, await memoryOf(worker.pid));
    const left = queued - (await begunBy(worker));
    if (left < tasks - refill) {
      await system.ask({ ask: "enqueueMany", task: "Noop", from: 0, count: tasks - left });
      queued += tasks - left;
    } else {
      await pause(20);
    }
  }
  const perSecond = (((await begunBy(worker)) - from.begun) / (performance.now() - from.at)) * 1000;
  return { depth, enqueuedPerSecond, perSecond, ...most };
}

async function begunBy(worker: JobsWorker): Promise<number> {
  return (await worker.counts())["Noop"] ?? 0;
}

interface Observed {
  readonly peer: { readonly service: string };
  readonly status?: {
    readonly tasks?: { readonly queues?: readonly { readonly task: string; readonly waiting: number }[] };
  };
}

/** The number of waiting tasks, from the command line. */
async function depthOf(system: TaskSystem): Promise<number> {
  const { stdout } = await system.peek("status", "--json");
  const logic = (JSON.parse(stdout) as readonly Observed[]).find(({ peer }) => peer.service === "logic");
  return logic?.status?.tasks?.queues?.find(({ task }) => task === `${jobsName}.Noop`)?.waiting ?? 0;
}
