import type { Transaction } from "kysely";
import type { TaskRetry, TaskType } from "../contracts/TaskType.ts";
import type { TaskHandler } from "./TaskHandler.ts";

/** How a task is queued. */
export interface TaskQueueOptions {
  /** The higher, the sooner, among the tasks of this type; -1,000 to 1,000. Default: 0. */
  readonly priority?: number;
  /**
   * Tasks of this type with the same key are done one after the other, in the order in which they were queued, whichever workers
   * do them. One that has failed for good holds up none of those after it; one that was taken back while it ran may still be ending
   * when the next begins. Of those in transactions that last at the same time, the one that is committed first may be done before
   * the other is there. Up to 200 letters. Default: in no order.
   */
  readonly key?: string;
  /** How it is tried again, in place of what the type says. */
  readonly retry?: TaskRetry;
}

/** How a task is queued that nobody has to wait for. */
export interface TaskEnqueueOptions extends TaskQueueOptions {
  /** The transaction of this plugin's storage that it is queued with: when that is rolled back, there is no task. Default: none. */
  readonly transaction?: Pick<Transaction<never>, "isTransaction" | "executeQuery">;
  /** Not before this time, or this many milliseconds from now. Default: at once. */
  readonly startAfter?: Date | number;
  /**
   * While a task of this type with the same singleton key waits or is done, no other is queued: the id of that one is given. Not
   * together with `key`. Up to 200 letters. Default: none.
   */
  readonly singletonKey?: string;
}

/** How a task is waited for. */
export interface TaskWaitOptions {
  /** How long it is waited for; milliseconds. Default: 60,000. */
  readonly deadlineMs?: number;
  /** Gives up waiting. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Called with what the handler tells of how far it is. What was told before is not repeated; of a task that another service has
   * queued, or this one before it was started again, nothing is told.
   */
  readonly onProgress?: (value: unknown) => void;
}

/** How a task is queued and waited for. */
export interface TaskRunOptions extends TaskQueueOptions, TaskWaitOptions {}

/** How far a task is. `waiting` has those that will be tried again; `failed` are dead letters. */
export type TaskState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** What is known of a task. */
export interface TaskRecord<Output> {
  readonly id: string;
  readonly state: TaskState;
  /** How often it was begun; tries that were lost with their worker, and those before it was queued again, count too. */
  readonly attempts: number;
  /** ISO 8601, UTC; so are the others. */
  readonly queuedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** What came out, when it is done. */
  readonly output?: Output;
  /** Why its last try failed, if one has. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Which tasks are looked for: one, or those of a key. */
export type TaskQuery = { readonly id: string } | { readonly key: string } | { readonly singletonKey: string };

/** How a task is queued again and again. */
export interface TaskScheduleOptions extends TaskQueueOptions {
  /** Which of several schedules of the type it is. Default: the only one. */
  readonly name?: string;
  /** The time zone of the times, by its IANA name: `Europe/Berlin`. Default: UTC. */
  readonly tz?: string;
  /**
   * How many tasks of this schedule wait at most, those that will be tried again too; 1 to 1,000. A time that comes while so many do is
   * left out: without a worker, they do not pile up. Default: 1.
   */
  readonly maxWaiting?: number;
  /**
   * What becomes of times that passed while no logic ran: with `once`, the last of them is made up for when one runs again; with
   * `skip`, none. Of a pause of up to a minute, the last is made up for either way. Default: `skip`.
   */
  readonly missed?: "once" | "skip";
}

/** What follows a type of tasks: its input, which may be left out where that may be undefined, and then options. */
export type TaskArguments<InputGiven, Options> = undefined extends InputGiven
  ? [input?: InputGiven, options?: Options]
  : [input: InputGiven, options?: Options];

/**
 * `platform.tasks` on logic and worker, where plugin_package.json requires `storage`: tasks are kept in the database until they are
 * done, and their outputs for `tasks.keepResultsHours` after that.
 *
 * The tasks of a plugin are its own: no other queues them. Whatever it does fails with a PeekError; what has to do with the database,
 * as `platform.storage`.
 */
export interface PluginTasks {
  /**
   * Queues a task, waits until a worker has done it, and gives its output.
   *
   * @throws PeekError `TASK_INPUT_INVALID`; `TASK_DEADLINE_EXCEEDED` when it was not done in time (it is cancelled then, as it is
   *   when `signal` fires); `TASK_CANCELLED`; and what it failed with the last time: `TASK_REJECTED`, `TASK_FAILED` when the
   *   handler threw, `TASK_OUTPUT_INVALID`, `TASK_TIMED_OUT`, `TASK_OUT_OF_MEMORY`, `TASK_ENDED_THREAD`, `TASK_LOST` when its
   *   workers were killed again and again. `fields.task` is the task's name.
   */
  run<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskRunOptions>
  ): Promise<Output>;
  /**
   * Queues a task: once it resolves, or the transaction is committed, the task is done whatever happens.
   *
   * @returns The task's id.
   * @throws PeekError `TASK_INPUT_INVALID` or `TASK_OPTIONS_INVALID`.
   */
  enqueue<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskEnqueueOptions>
  ): Promise<string>;
  /**
   * Queues many tasks of a type at once, all or none: much faster than one by one. Up to 10,000.
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
   * Waits for a task that was queued, by this process or another, and gives its output. Giving up does not cancel it.
   *
   * @throws PeekError as {@link PluginTasks.run}; `TASK_NOT_FOUND` when there is none, or its output is not kept any more.
   */
  wait<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
    options?: TaskWaitOptions,
  ): Promise<Output>;
  /** What is known of tasks of a type, the newest first, at most 100. */
  find<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    query: TaskQuery,
  ): Promise<readonly TaskRecord<Output>[]>;
  /** Takes a task back; when it is running, its signal fires. Returns whether it was still to be done. */
  cancel<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
  ): Promise<boolean>;
  /**
   * Queues a task at the times of a cron expression of five fields, from now on and after every restart, once for all logic
   * services: what was scheduled under the same name before is replaced. An administrator may pause it (`peek tasks schedules`); it
   * stays paused then, whatever the plugin schedules.
   *
   * A field is a list of values, ranges and `*`, the last two with a step if need be: `0,30`, `1-5`, `mon-fri`, `*` followed by `/15`.
   * Where a clock is put forward, a time that it skips comes at the next minute that there is, if the expression names the hour;
   * where it is put back, a time of the day comes once, and what comes every so many minutes or hours comes each time.
   *
   * @param cron `"0 6 * * 1-5"`: at 06:00 on workdays.
   * @throws PeekError `TASK_INPUT_INVALID`, or `TASK_OPTIONS_INVALID` for an expression or time zone that is none.
   */
  schedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    cron: string,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskScheduleOptions>
  ): Promise<void>;
  /** Ends a schedule. Returns whether there was one. */
  unschedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    name?: string,
  ): Promise<boolean>;
}

/** `platform.tasks` on the worker. */
export interface PluginWorkerTasks extends PluginTasks {
  /**
   * Does the tasks of a type here, until it is disposed or the plugin stops: then no task begins any more, and those that run are
   * waited for as long as the plugin's stop may take; what is not done by then goes back into the queue.
   *
   * @throws PeekError `CONTRACT_INVALID` when the type's name does not begin with this plugin's, `TASK_ALREADY_HANDLED`;
   *   `TASK_HANDLER_INVALID` when the handler of heavy tasks is not the default export of its module.
   */
  handle(handler: TaskHandler): Promise<AsyncDisposable>;
}
