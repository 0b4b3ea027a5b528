import type { TaskHandler } from "@peek/plugin-base";
import type { TakenTask } from "../queue/TaskQueue.ts";
import type { Durations } from "./Durations.ts";
import type { TaskRun } from "./TaskRun.ts";

/** Why a try is ended before it ends: its task was taken back, or is another worker's; or this one stops. */
export type Fate = "cancelled" | "lost" | "stopping";

/** A handler, and what it does now. */
export interface Handled {
  readonly handler: TaskHandler;
  /** The queues of its task, by their texts. */
  readonly queues: readonly string[];
  readonly durations: Durations;
  readonly running: Set<HeldTask>;
}

/** A task that this worker has taken. */
export interface Holding {
  readonly task: TakenTask;
  /** The text of its queue. */
  readonly queue: string;
  /** Whether what has become of it is being recorded right now. */
  isRecording?: boolean;
}

/** A task that this worker has taken to do it, until what has become of it is recorded. */
export interface HeldTask extends Holding {
  readonly handled: Handled;
  /** undefined before it begins, and after it has ended. */
  run?: TaskRun;
  /** When it was begun, by performance.now(). */
  begunAt?: number;
  /** Resolves when it has given its slot back. */
  released?: Promise<void>;
  /** Why it was to end before it did. */
  fate?: Fate;
}
