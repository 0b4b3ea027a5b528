import type { z } from "zod";

/** How a task that failed is tried again. */
export interface TaskRetry {
  /** How often it is tried in all, 1 to 100. A try that was lost with its worker does not count. Default: 3. */
  readonly tries?: number;
  /** The pause before it is tried again; milliseconds. It doubles each time. Default: 1,000. */
  readonly delayMs?: number;
  /** The longest pause; milliseconds. Default: 60,000. */
  readonly maxDelayMs?: number;
}

/** What is said of tasks of a type besides what goes in and comes out. */
export interface TaskTraits {
  /**
   * Where its handler runs on a worker. `heavy` work has a thread to itself: whatever it does (loops for ever, eats memory, ends
   * the process), it alone fails. `light` work waits more than it computes, and runs on the worker's event loop, with all that the
   * plugin has there. Default: `heavy`.
   */
  readonly weight: "light" | "heavy";
  /** How long one try may take; milliseconds. A thread is ended then. Default: 60,000. */
  readonly deadlineMs: number;
  /** What a thread may have of memory, buffers included, while it runs a `heavy` task; MiB. Default: 512. */
  readonly memoryMb: number;
  readonly retry: Required<TaskRetry>;
  /**
   * Goes up when tasks of before can no longer be run by the handler, or the handler of before cannot run tasks of now: a worker
   * takes those of its own version only. Default: 1.
   */
  readonly version: number;
}

/**
 * A type of tasks: work that logic queues and a worker does. Made by {@link defineTask}.
 *
 * `Input` and `Output` are what was checked; `InputGiven` is what may be queued, `OutputGiven` what the handler may return.
 */
export interface TaskType<Input, Output = void, InputGiven = Input, OutputGiven = Output> extends TaskTraits {
  /** `<plugin>.<Task>`, such as `peek_plugin_tutorial.PickRandomNumber`. */
  readonly name: string;
  /** The plugin that the name begins with. */
  readonly plugin: string;
  readonly input: z.ZodType<Input, InputGiven>;
  /** undefined where a task has no output. */
  readonly output: z.ZodType<Output, OutputGiven> | undefined;
}

/** A type of tasks of which nothing is known; every type of tasks is one. */
export type AnyTaskType = TaskType<unknown, unknown, unknown, unknown>;
