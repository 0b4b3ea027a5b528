import type { Transaction } from "kysely";
import type { TaskRetry, TaskType } from "../contracts/TaskType.ts";
import type { TaskHandler } from "./TaskHandler.ts";

/** How a task is queued. */
export interface TaskQueueOptions {
  /** The higher, the sooner, among the tasks of this type; -1,000 to 1,000. Default: 0. */
  readonly priority?: number;
  /**
   * Tasks of this type with the same key run one after the other, in the order in which they were queued, on any workers. A task
   * that has failed for good does not block later ones; a task that was cancelled while it ran may still be ending when the next
   * one begins. Of tasks in concurrent transactions, the one that is committed first may run before the other one exists. At most
   * 200 characters. Default: no order.
   */
  readonly key?: string;
  /** The retries, instead of those of the type. */
  readonly retry?: TaskRetry;
}

/** How a task is queued without waiting for it. */
export interface TaskEnqueueOptions extends TaskQueueOptions {
  /** The transaction of this plugin's storage in which it is queued: a rollback also removes the task. Default: none. */
  readonly transaction?: Pick<Transaction<never>, "isTransaction" | "executeQuery">;
  /** The earliest start: a time, or milliseconds from now. Default: at once. */
  readonly startAfter?: Date | number;
  /**
   * While a task of this type with the same singleton key waits or runs, no other one is queued: its id is returned. Not together
   * with `key`. At most 200 characters. Default: none.
   */
  readonly singletonKey?: string;
}

/** How a task is waited for. */
export interface TaskWaitOptions {
  /** How long to wait. Default: 60,000. */
  readonly deadlineMs?: number;
  /** Ends the wait. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Called with the progress that the handler reports from now on. It is not called for tasks that another process has queued.
   */
  readonly onProgress?: (value: unknown) => void;
}

/** How a task is queued and waited for. */
export interface TaskRunOptions extends TaskQueueOptions, TaskWaitOptions {}

/** The state of a task. `waiting` includes tasks that will be retried; `failed` tasks are dead letters. */
export type TaskState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** A stored task. */
export interface TaskRecord<Output> {
  readonly id: string;
  readonly state: TaskState;
  /** The number of attempts, including those that were lost with their worker, and those before it was queued again. */
  readonly attempts: number;
  /** ISO 8601, UTC, like the other times. */
  readonly queuedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** The output of a done task. */
  readonly output?: Output;
  /** Why its last attempt failed, if one has. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Selects one task, or the tasks of a key. */
export type TaskQuery = { readonly id: string } | { readonly key: string } | { readonly singletonKey: string };

/** How a task is queued repeatedly. */
export interface TaskScheduleOptions extends TaskQueueOptions {
  /** The name of the schedule among several of the type. Default: the only one. */
  readonly name?: string;
  /** The time zone of the times, by its IANA name: `Europe/Berlin`. Default: UTC. */
  readonly tz?: string;
  /**
   * The maximum number of waiting tasks of this schedule, including those that will be retried; 1 to 1,000. Further times are
   * skipped, so that tasks do not pile up without a worker. Default: 1.
   */
  readonly maxWaiting?: number;
  /**
   * How times are treated that passed while no logic ran: with `once`, the last one is queued at the next start; with `skip`, none.
   * After a pause of up to a minute, the last one is queued in both cases. Default: `skip`.
   */
  readonly missed?: "once" | "skip";
}

/** The arguments after a type of tasks: the input, which is optional where it may be undefined, and options. */
export type TaskArguments<InputGiven, Options> = undefined extends InputGiven
  ? [input?: InputGiven, options?: Options]
  : [input: InputGiven, options?: Options];

/**
 * `platform.tasks` on logic and worker, where plugin_package.json requires `storage`: tasks are stored in the database until they are done, and their outputs for `tasks.keepResultsHours` after that.
 *
 * Only the plugin itself queues its tasks. Every operation fails with a PeekError; errors of the database are those of
 * `platform.storage`.
 */
export interface PluginTasks {
  /**
   * Queues a task, waits until a worker has done it, and returns its output.
   *
   * @throws PeekError `TASK_INPUT_INVALID`; `TASK_DEADLINE_EXCEEDED` when it was not done in time (it is cancelled then, as it is
   *   when `signal` fires); `TASK_CANCELLED`; and the error of its last attempt: `TASK_REJECTED`, `TASK_FAILED` when the
   *   handler threw, `TASK_OUTPUT_INVALID`, `TASK_TIMED_OUT`, `TASK_OUT_OF_MEMORY`, `TASK_ENDED_THREAD`, `TASK_LOST` when its
   *   workers were killed repeatedly. `fields.task` is the task's name.
   */
  run<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskRunOptions>
  ): Promise<Output>;
  /**
   * Queues a task: once the promise resolves, or the transaction is committed, the task is guaranteed to be run.
   *
   * @returns The task's id.
   * @throws PeekError `TASK_INPUT_INVALID` or `TASK_OPTIONS_INVALID`.
   */
  enqueue<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskEnqueueOptions>
  ): Promise<string>;
  /**
   * Queues up to 10,000 tasks of a type at once, all or none: much faster than one by one.
   *
   * @returns Their ids, in the order of the inputs.
   * @throws PeekError as {@link PluginTasks.enqueue}.
   */
  enqueueAll<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    inputs: readonly NoInfer<InputGiven>[],
    options?: Omit<TaskEnqueueOptions, "singletonKey">,
  ): Promise<readonly string[]>;
  /**
   * Waits for a task that any process has queued, and returns its output. Ending the wait does not cancel the task.
   *
   * @throws PeekError as {@link PluginTasks.run}; `TASK_NOT_FOUND` when it does not exist, or its output is no longer stored.
   */
  wait<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
    options?: TaskWaitOptions,
  ): Promise<Output>;
  /** Finds tasks of a type, the newest first, at most 100. */
  find<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    query: TaskQuery,
  ): Promise<readonly TaskRecord<Output>[]>;
  /** Cancels a task; when it is running, its signal fires. Returns whether it was waiting or running. */
  cancel<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
  ): Promise<boolean>;
  /**
   * Queues a task at the times of a cron expression of five fields, from now on and after every restart, once for all logic services: an earlier schedule of the same name is replaced. An
   * administrator may pause it (`peek tasks schedules`); it then stays paused, even if the plugin schedules it again.
   *
   * A field is a list of values, ranges and `*`, the last two with an optional step: `0,30`, `1-5`, `mon-fri`, `*` followed by `/15`.
   * When the clock is set forward, a skipped time runs at the next existing minute, if the expression names the hour. When it is
   * set back, a time of the day runs once, and a repetition every few minutes or hours runs each time.
   *
   * @param cron `"0 6 * * 1-5"`: at 06:00 on workdays.
   * @throws PeekError `TASK_INPUT_INVALID`, or `TASK_OPTIONS_INVALID` for an invalid expression or time zone.
   */
  schedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    cron: string,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskScheduleOptions>
  ): Promise<void>;
  /** Ends a schedule. Returns whether it existed. */
  unschedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    name?: string,
  ): Promise<boolean>;
}

/** `platform.tasks` on the worker. */
export interface PluginWorkerTasks extends PluginTasks {
  /**
   * Runs the tasks of a type here, until the result is disposed or the plugin stops: then no further task begins, and running
   * tasks are awaited until the deadline of the plugin's stop; the rest goes back into the queue.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's, `TASK_ALREADY_HANDLED`;
   *   `TASK_HANDLER_INVALID` when the handler of heavy tasks is not the default export of its module.
   */
  handle(handler: TaskHandler): Promise<AsyncDisposable>;
}
