import type { TaskHandler } from "@peek/plugin-base";
import type { FetchedTask } from "../queue/TaskQueue.ts";
import type { AttemptStatistics } from "./AttemptStatistics.ts";
import type { TaskRun } from "./TaskRun.ts";

/** Why a try is aborted: its task was cancelled, or its lease was lost to another worker; or this worker stops. */
export type AbortCause = "cancelled" | "lost" | "stopping";

/** A registered handler and its running tasks. */
export interface HandlerRegistration {
  readonly handler: TaskHandler;
  /** The texts of the queues of its task. */
  readonly queues: readonly string[];
  readonly statistics: AttemptStatistics;
  readonly running: Set<RunnableTask>;
}

/** A task that this worker has fetched. */
export interface HeldTask {
  readonly task: FetchedTask;
  /** The text of its queue. */
  readonly queue: string;
  /** Whether its outcome is being recorded right now. */
  isRecording?: boolean;
}

/** A held task with a handler, until its outcome is recorded. */
export interface RunnableTask extends HeldTask {
  readonly registration: HandlerRegistration;
  /** undefined before its start and after its end. */
  run?: TaskRun;
  /** The time of its start, by `performance.now()`. */
  startedAt?: number;
  /** Resolves when it has released its slot. */
  released?: Promise<void>;
  /** Why it was aborted. */
  abortCause?: AbortCause;
}
