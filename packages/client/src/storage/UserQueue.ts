import type { ActionRecord, NewAction } from "./StorageBackend.ts";

/** The queue of one user on a device. */
export interface UserQueue {
  readonly user: string;
  /** Identifies the queue to the service; unique among all devices. */
  readonly client: string;
  /** The last sequence number of each lane. A number is never used twice, so no lane is ever removed. */
  readonly lanes: ReadonlyMap<string, number>;
}

/** Appends an action to its lane in the queue of its user. */
export function enqueue(
  action: NewAction & { readonly n: number; readonly user: string },
  queue: UserQueue,
): { readonly record: ActionRecord; readonly queue: UserQueue } {
  const seq = (queue.lanes.get(action.lane) ?? 0) + 1;
  return {
    record: { ...action, client: queue.client, seq },
    queue: { ...queue, lanes: new Map(queue.lanes).set(action.lane, seq) },
  };
}
