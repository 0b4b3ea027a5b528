import { setTimeout as pause } from "node:timers/promises";
import { memoryOf } from "../live/memoryOf.ts";
import { jobsName } from "./jobsPlugin.ts";
import type { JobsWorker } from "./JobsWorker.ts";
import type { TaskSystem } from "./TaskSystem.ts";
import { until } from "./until.ts";

/** How fast tasks are done, and what it takes, with so many queued. */
export interface QueuedFigures {
  /** As `peek status` has them. */
  readonly depth: number;
  readonly enqueuedPerSecond: number;
  readonly perSecond: number;
  /** The most of the time in which they were done; MiB. */
  readonly logicMb: number;
  readonly workerMb: number;
}

/** How long the rate is measured; milliseconds. */
const measureMs = 10_000;
/** So many are queued again at a time. */
const refill = 500;

/** Has a worker do tasks that do nothing, of which many wait all the time. */
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
  // As many are queued again as were done: about the same number waits all the time.
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

/** How many wait, as the command line tells. */
async function depthOf(system: TaskSystem): Promise<number> {
  const { stdout } = await system.peek("status", "--json");
  const logic = (JSON.parse(stdout) as readonly Observed[]).find(({ peer }) => peer.service === "logic");
  return logic?.status?.tasks?.queues?.find(({ task }) => task === `${jobsName}.Noop`)?.waiting ?? 0;
}
