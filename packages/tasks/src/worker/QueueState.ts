/** Where a task runs: each weight has slots of its own. */
export type Weight = "light" | "heavy";

/** The state of a queue, as its worker knows it. */
export interface QueueState<Item> {
  readonly queue: string;
  readonly plugin: string;
  readonly weight: Weight;
  /** Whether it may have due tasks. */
  isReady: boolean;
  isFetching: boolean;
  /** How many tasks the current fetch requests. */
  requested?: number;
  /** Whether it was marked as ready during the current fetch. */
  isWoken: boolean;
  /** The moving average of the duration of its tasks. */
  meanMs: number;
  /** Fetched tasks that have not started. */
  readonly prefetched: Set<Item>;
}

/** How the slots of a weight are used. */
export interface SlotUsage {
  readonly slots: number;
  /** Slots without a running, prefetched or requested task. */
  readonly free: number;
  /** How many queues share the slots now. */
  readonly queues: number;
  /** How many queues have prefetched or requested tasks. */
  readonly waiting: number;
}

/** How much work is prefetched, so that no slot idles between two fetches. */
const prefetchMs = 100;
/** How many tasks of one queue are prefetched at most. */
const maxPrefetch = 1000;

/** How many tasks of a queue to prefetch, by their duration: none for long ones. */
export function prefetchLimit(meanMs: number, { slots, queues }: SlotUsage): number {
  return Math.min(maxPrefetch, Math.floor((slots * prefetchMs) / Math.max(meanMs, 0.01) / Math.max(1, queues)));
}

/** How many tasks of a queue to fetch now; 0 while enough are prefetched. */
export function fetchCount(
  { prefetched, meanMs }: Pick<QueueState<unknown>, "prefetched" | "meanMs">,
  usage: SlotUsage,
): number {
  const limit = prefetchLimit(meanMs, usage);
  // In batches: each fetch costs the database about the same.
  const ahead = prefetched.size * 2 <= limit ? limit - prefetched.size : 0;
  // The tasks that other queues have prefetched must not starve this one. With hundreds of queues, not one for each.
  const share = prefetched.size === 0 && usage.waiting > 0 && usage.waiting <= usage.slots ? 1 : 0;
  return Math.max(usage.free, ahead, share);
}
