import type { PeerIdentity } from "@peek/plugin-base";
import type { TaskError } from "../queue/TaskQueue.ts";

/** A worker's report about a task to the process that queued it. A lost report does no harm: the database has the same facts. */
export type TaskUpdate =
  /** @property output Encoded by `encode()`; undefined when it is too long to send, and has to be read from the database. */
  | { readonly kind: "done"; readonly id: string; readonly output: string | undefined }
  | { readonly kind: "failed"; readonly id: string; readonly error: TaskError }
  /** @property value Encoded by `encode()`. */
  | { readonly kind: "progress"; readonly id: string; readonly value: string };

/**
 * Signals between the processes that queue tasks and the workers. They only save time: a lost signal is made up for by polling the
 * database. Sending never throws.
 */
export interface TaskSignals {
  /** This process, as the others know it. */
  readonly self: PeerIdentity;
  /** Notifies all workers that a queue, named by its text, has tasks. Frequent signals for one queue are merged. */
  wake(queue: string): void;
  /** Notifies all workers that a task was cancelled. */
  cancelled(id: string): void;
  /** Notifies the process that queued tasks. */
  notify(origin: PeerIdentity, updates: readonly TaskUpdate[]): void;
}
