import type { TaskHandler } from "@peek/plugin-base";
import type { FetchedTask } from "../queue/TaskQueue.ts";
import type { AttemptStatistics } from "./AttemptStatistics.ts";
import type { TaskRun } from "./TaskRun.ts";

/** Why a try is ended before it ends: its task was taken back, or is another worker's; or this one stops. */
export type EndReason = "cancelled" | "lost" | "stopping";

/** A handler, and what it does now. */
export interface HandlerRegistration {
  readonly handler: TaskHandler;
  /** The queues of its task, by their texts. */
  readonly queues: readonly string[];
  readonly durations: AttemptStatistics;
  readonly running: Set<RunnableTask>;
}

/** A task that this worker has taken. */
export interface HeldTask {
  readonly task: FetchedTask;
  /** The text of its queue. */
  readonly queue: string;
  /** Whether what has become of it is being recorded right now. */
  isRecording?: boolean;
}

/** A task that this worker has taken to do it, until what has become of it is recorded. */
export interface RunnableTask extends HeldTask {
  readonly registration: HandlerRegistration;
  /** undefined before it begins, and after it has ended. */
  run?: TaskRun;
  /** When it was begun, by performance.now(). */
  begunAt?: number;
  /** Resolves when it has given its slot back. */
  released?: Promise<void>;
  /** Why it was to end before it did. */
  endReason?: EndReason;
}
