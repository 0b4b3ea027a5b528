import type { TaskHandler } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { AttemptResult } from "./attemptResult.ts";

/** A task to run. */
export interface TaskJob {
  readonly handler: TaskHandler;
  readonly id: string;
  /** The number of the try, from 1. */
  readonly attempt: number;
  /** Encoded by `encode()`. */
  readonly input: string;
  /** Receives the progress that the handler reports, encoded by `encode()`. */
  readonly onProgress: (value: string) => void;
  /** Opens the storage of the handler's plugin. */
  readonly storage: () => Promise<TaskStorage>;
}

/** A running try. */
export interface TaskRun {
  /** The result, at the deadline at the latest. Never rejects. */
  readonly result: Promise<AttemptResult>;
  /** Resolves when its slot is free: a light task may run on after its deadline. Never rejects. */
  readonly released: Promise<void>;
  /** Fires the handler's signal. A thread that does not end within `graceMs` is terminated. */
  abort(reason: Error, graceMs: number): void;
}
