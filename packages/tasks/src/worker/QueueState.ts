/** Where a task runs: each weight has slots of its own. */
export type Weight = "light" | "heavy";

/** What a worker knows of a queue. */
export interface QueueState<Item> {
  readonly queue: string;
  readonly plugin: string;
  readonly weight: Weight;
  /** It may have something that is due. */
  isReady: boolean;
  /** It is being asked. */
  isFetching: boolean;
  /** For how many it is being asked. */
  requested?: number;
  /** Somebody has said so while it was being asked. */
  isWoken: boolean;
  /** How long a task of it takes, of late; milliseconds. */
  meanMs: number;
  /** What was taken and has not begun. */
  readonly items: Set<Item>;
}

/** How a worker's slots of a weight are used. */
export interface SlotUsage {
  readonly slots: number;
  /** Slots for which nothing was taken. */
  readonly free: number;
  /** How many queues share them now. */
  readonly lines: number;
  /** How many queues have something in hand that waits for a slot. */
  readonly waiting: number;
}

/** How much work is in hand, so that no slot idles between two takes; milliseconds. */
const prefetchMs = 100;
/** What is in hand of a queue at most. */
const most = 1000;

/** How many tasks of a queue are to be in hand, by how long one takes: none beyond the free slots, when it takes long. */
export function maxPrefetched(meanMs: number, { slots, lines }: SlotUsage): number {
  return Math.min(most, Math.floor((slots * prefetchMs) / Math.max(meanMs, 0.01) / Math.max(1, lines)));
}

/** How many tasks of a queue to take: none while enough is in hand. */
export function fetchCount({ items, meanMs }: Pick<QueueState<unknown>, "items" | "meanMs">, load: SlotUsage): number {
  const enough = maxPrefetched(meanMs, load);
  // In batches: each take costs the database about the same.
  const ahead = items.size * 2 <= enough ? enough - items.size : 0;
  // So that what others have in hand does not keep it from its turn; but not one of each of hundreds of queues.
  const turn = items.size === 0 && load.waiting > 0 && load.waiting <= load.slots ? 1 : 0;
  return Math.max(load.free, ahead, turn);
}
