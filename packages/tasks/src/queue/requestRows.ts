import { retentionSeconds } from "./layoutSql.ts";
import type { Envelope } from "./taskRows.ts";
import type { TaskRequest } from "./TaskQueue.ts";
import type { QueueKind } from "./QueueName.ts";

/** How often a task may be lost with its worker, beside the tries that it has. */
export const maxLosses = 20;

/** What a task that was taken has beyond what a try may take, since it may have to wait for its turn on the worker; seconds. */
const expiryMargin = 60 * 60;

/** When a task counts as lost though its worker is there, and keeps saying so: a net; seconds. */
export function expirySeconds(deadlineMs: number): number {
  return Math.ceil(deadlineMs / 1000) + expiryMargin;
}

/** The argument of the functions that insert. */
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

/** What pg-boss's create_queue() is given. */
export function queueOptions(kind: QueueKind, lostAfterSeconds: number): string {
  return JSON.stringify({ policy: policies[kind], heartbeatSeconds: lostAfterSeconds, retentionSeconds });
}
