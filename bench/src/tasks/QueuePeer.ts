import { pathToFileURL } from "node:url";
import { peerScript } from "../paths.ts";

/** A queue that Peek is compared with. */
export interface QueuePeer {
  readonly title: string;
  readonly store: "postgresql" | "redis";
  /** The argument of its processes besides the store: its module and its settings. */
  readonly argument: Readonly<Record<string, unknown>>;
}

function peer(
  title: string,
  store: QueuePeer["store"],
  name: string,
  setUp: Readonly<Record<string, unknown>> = {},
): QueuePeer {
  const module = pathToFileURL(peerScript(`tasks/${name}`)).href;
  return { title, store, argument: { peer: module, concurrency: 10, ...setUp } };
}

/** Settings for fetching from pg-boss, so that no worker pauses while tasks are queued. */
function batches(batchSize: number, localConcurrency: number): Readonly<Record<string, unknown>> {
  return { work: { batchSize, localConcurrency, burstWhenBatchFull: true } };
}

/** Peers for queuing. */
export const producers = {
  pgBoss: peer("bare pg-boss (the limit)", "postgresql", "pgBoss"),
  graphileWorker: peer("graphile-worker", "postgresql", "graphileWorker"),
  bullmq: peer("BullMQ, Redis with its log synced", "redis", "bullmq"),
} as const;

/** Peers for throughput. */
export const busy = {
  pgBossWide: peer(
    "bare pg-boss, two at a time with batches of 500 (the limit)",
    "postgresql",
    "pgBoss",
    batches(500, 2),
  ),
  pgBoss: peer("bare pg-boss, ten at a time with batches of 50", "postgresql", "pgBoss", batches(50, 10)),
  graphileQueue: peer("graphile-worker, local queue of 500, completed in batches", "postgresql", "graphileWorker", {
    preset: { localQueue: { size: 500 }, completeJobBatchDelay: 0 },
  }),
  graphile: peer("graphile-worker, its defaults", "postgresql", "graphileWorker"),
  bullmq: producers.bullmq,
} as const;

/** Peers for latency: one task at a time. */
export const idle = {
  pgBoss: peer("bare pg-boss with notify, answered by a trigger (the limit)", "postgresql", "pgBoss", {
    useListenNotify: true,
    work: { batchSize: 1 },
  }),
  graphile: peer("graphile-worker, answered by a trigger", "postgresql", "graphileWorker"),
  bullmq: peer("BullMQ, `waitUntilFinished`, Redis with its log synced", "redis", "bullmq"),
} as const;
