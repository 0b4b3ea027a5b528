import type { TaskHandler } from "@peek/plugin-base";
import type { TaskStorage } from "@peek/plugin-base/internal";
import type { AttemptResult } from "./attemptResult.ts";

/** What is to be run. */
export interface TaskJob {
  readonly handler: TaskHandler;
  readonly id: string;
  /** Which try it is, from 1. */
  readonly attempt: number;
  /** As `encode()` has made it. */
  readonly input: string;
  /** Is given what the handler tells of how far it is, as `encode()` has made it. */
  readonly onProgress: (value: string) => void;
  /** Where the handler's plugin has its storage. */
  readonly storage: () => Promise<TaskStorage>;
}

/** A try that runs. */
export interface TaskRun {
  /** What has become of it, at its deadline at the latest. Never rejects. */
  readonly result: Promise<AttemptResult>;
  /** When its slot is free: what runs on the event loop may go on after its deadline. Never rejects. */
  readonly released: Promise<void>;
  /** Fires the handler's signal. A thread that does not end by itself is ended after `graceMs`. */
  abort(reason: Error, graceMs: number): void;
}
