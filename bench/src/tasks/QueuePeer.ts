import { pathToFileURL } from "node:url";
import { peerScript } from "../paths.ts";

/** A queue that Peek is measured beside. */
export interface QueuePeer {
  readonly title: string;
  readonly store: "postgresql" | "redis";
  /** What its processes are told, besides where the store is: its module, and how it is set up. */
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

/** What whoever fetches from pg-boss is told, so that none waits while there is more. */
function batches(batchSize: number, localConcurrency: number): Readonly<Record<string, unknown>> {
  return { work: { batchSize, localConcurrency, burstWhenBatchFull: true } };
}

/** Those that are told to queue only. */
export const producers = {
  pgBoss: peer("bare pg-boss (the limit)", "postgresql", "pgBoss"),
  graphileWorker: peer("graphile-worker", "postgresql", "graphileWorker"),
  bullmq: peer("BullMQ, Redis with its log synced", "redis", "bullmq"),
} as const;

/** Those that do as much as they can. */
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

/** Those that wait for one task at a time. */
export const idle = {
  pgBoss: peer("bare pg-boss with notify, answered by a trigger (the limit)", "postgresql", "pgBoss", {
    useListenNotify: true,
    work: { batchSize: 1 },
  }),
  graphile: peer("graphile-worker, answered by a trigger", "postgresql", "graphileWorker"),
  bullmq: peer("BullMQ, `waitUntilFinished`, Redis with its log synced", "redis", "bullmq"),
} as const;
