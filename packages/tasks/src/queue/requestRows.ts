import { retentionSeconds } from "./layoutSql.ts";
import type { Envelope } from "./taskRows.ts";
import type { TaskRequest } from "./TaskQueue.ts";
import type { QueueKind } from "./QueueName.ts";

/** How many times a task may be lost with its worker before it fails. */
export const maxLosses = 20;

/** Time for a fetched task to wait for a free slot on its worker. */
const expiryMarginSeconds = 60 * 60;

/** After how long a fetched task counts as lost in spite of its worker's heartbeats: a safeguard. */
export function expirySeconds(deadlineMs: number): number {
  return Math.ceil(deadlineMs / 1000) + expiryMarginSeconds;
}

/** The argument of the SQL functions that insert tasks. */
export function requestRows(requests: readonly TaskRequest[]): string {
  return JSON.stringify(
    requests.map(({ id, input, priority, key, startAfter, retry, deadlineMs, origin }) => {
      const data: Envelope = {
        input,
        retry,
        failures: 0,
        ...(origin !== undefined && { origin }),
        ...(typeof startAfter === "number" && startAfter > 0 && { delayed: true }),
      };
      return {
        id,
        data,
        priority,
        key,
        after: typeof startAfter === "string" ? startAfter : undefined,
        delayMs: typeof startAfter === "number" ? startAfter : undefined,
        takes: retry.tries + maxLosses,
        expire: expirySeconds(deadlineMs),
      };
    }),
  );
}

const policies = { plain: "standard", keyed: "key_strict_fifo", single: "exclusive" } as const satisfies Record<
  QueueKind,
  string
>;

/** The argument of pg-boss's create_queue(). */
export function queueOptions(kind: QueueKind, lostAfterSeconds: number): string {
  return JSON.stringify({ policy: policies[kind], heartbeatSeconds: lostAfterSeconds, retentionSeconds });
}
