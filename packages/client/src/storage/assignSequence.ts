import type { ActionRecord, NewAction } from "./StorageBackend.ts";

/** The queue of one user on a device. */
export interface QueueRecord {
  readonly user: string;
  /** Known to the service: nobody else's has the same. */
  readonly client: string;
  /** The last sequence of each lane. They are never given twice, and so none is ever forgotten. */
  readonly lanes: ReadonlyMap<string, number>;
}

/** Puts an action into the queue of its user, at the end of its lane. */
export function assignSequence(
  action: NewAction & { readonly n: number; readonly user: string },
  queue: QueueRecord,
): { readonly record: ActionRecord; readonly queue: QueueRecord } {
  const seq = (queue.lanes.get(action.lane) ?? 0) + 1;
  return {
    record: { ...action, client: queue.client, seq },
    queue: { ...queue, lanes: new Map(queue.lanes).set(action.lane, seq) },
  };
}

/** Whether an action without a user is one's, who has come in a tab. @param mark What {@link userHash} gives for the user. */
export function isClaimable(action: ActionRecord, mark: string, tab: string): boolean {
  return action.user === undefined && (action.tab === tab || (action.supposed ?? mark) === mark);
}
