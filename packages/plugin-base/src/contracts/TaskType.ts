import type { z } from "zod";

/** How a failed task is retried. */
export interface TaskRetry {
  /** The maximum number of attempts, 1 to 100. An attempt that was lost with its worker does not count. Default: 3. */
  readonly tries?: number;
  /** The delay before the first retry. It doubles with each retry. Default: 1,000. */
  readonly delayMs?: number;
  /** The maximum delay. Default: 60,000. */
  readonly maxDelayMs?: number;
}

/** The properties of a type of tasks beside its input and output. */
export interface TaskTraits {
  /**
   * Where its handler runs on a worker. A `heavy` task has a thread to itself: if it loops for ever, uses too much memory or ends the process, only this task
   * fails. A `light` task waits more than it computes, and runs on the worker's event loop, together with the plugin. Default:
   * `heavy`.
   */
  readonly weight: "light" | "heavy";
  /** The deadline of one attempt. A thread is ended then. Default: 60,000. */
  readonly deadlineMs: number;
  /** The memory limit of the thread of a `heavy` task, including buffers; MiB. Default: 512. */
  readonly memoryMb: number;
  readonly retry: Required<TaskRetry>;
  /**
   * To be raised when a new handler cannot run old tasks, or an old handler cannot run new tasks: a worker takes only tasks of
   * its own version. Default: 1.
   */
  readonly version: number;
}

/**
 * A type of tasks: work that logic queues and a worker does. Made by {@link defineTask}.
 *
 * `Input` and `Output` are the checked types; `InputGiven` is the type that may be queued, `OutputGiven` the type that the handler
 * may return.
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

/** Any type of tasks. */
export type AnyTaskType = TaskType<unknown, unknown, unknown, unknown>;
