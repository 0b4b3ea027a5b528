import type { PeerIdentity } from "@peek/plugin-base";
import type { TaskError } from "../queue/TaskQueue.ts";

/** What a worker tells whoever queued a task. It may get lost: then it is found in the database. */
export type TaskNews =
  /** @property output As `encode()` has made it; undefined where it is too long to be told. */
  | { readonly kind: "done"; readonly id: string; readonly output: string | undefined }
  | { readonly kind: "failed"; readonly id: string; readonly error: TaskError }
  /** @property value As `encode()` has made it. */
  | { readonly kind: "progress"; readonly id: string; readonly value: string };

/** The way between those who queue tasks and those who do them: fast, and nothing depends on it. Sending never throws. */
export interface TaskSignals {
  /** Who this process is to the others. */
  readonly self: PeerIdentity;
  /** Tells all workers that there is something in a queue, by its text; those told often at a time are told once. */
  wake(queue: string): void;
  /** Tells all workers that a task was taken back. */
  cancelled(id: string): void;
  /** Tells whoever queued a task what has become of it. */
  tell(origin: PeerIdentity, news: readonly TaskNews[]): void;
}
