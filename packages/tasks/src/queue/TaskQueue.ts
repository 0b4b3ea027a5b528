import type { PeerIdentity } from "@peek/plugin-base";
import type { TaskRetry } from "@peek/plugin-base/contracts";
import type { QueueName } from "./QueueName.ts";

/** A task to queue. */
export interface TaskRequest {
  /** A UUID of version 7: of two ids from one process, the later one is greater. */
  readonly id: string;
  /** Encoded by `encode()`. */
  readonly input: string;
  readonly priority: number;
  /** Tasks with the same key are ordered (`keyed`) or unique (`single`). Default: none. */
  readonly key?: string;
  /** ISO 8601, or milliseconds from now. Default: at once. */
  readonly startAfter?: string | number;
  readonly retry: Required<TaskRetry>;
  /** The deadline of one try. */
  readonly deadlineMs: number;
  /** The process that gets the updates. Default: none. */
  readonly origin?: PeerIdentity;
}

/** One try at a task, by one worker: it is fetched and settled. */
export interface Attempt {
  readonly id: string;
  /** How many times the task was fetched before. */
  readonly retryCount: number;
}

/** A task that a worker has fetched. */
export interface FetchedTask extends Attempt {
  readonly queue: QueueName;
  /** Encoded by `encode()`. */
  readonly input: string;
  readonly key?: string;
  /** How many times it has failed. Tries that were lost with their worker do not count. */
  readonly failures: number;
  readonly retry: Required<TaskRetry>;
  readonly origin?: PeerIdentity;
}

/** Why a try failed, as it is stored and sent. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
}

/** How a try ended. */
export type AttemptOutcome =
  /** @property output Encoded by `encode()`. */
  | { readonly kind: "done"; readonly attempt: Attempt; readonly output: string }
  /** The next try starts after `delayMs`. @property failures Includes this try. */
  | {
      readonly kind: "retry";
      readonly attempt: Attempt;
      readonly error: TaskError;
      readonly failures: number;
      readonly delayMs: number;
    }
  /** The task becomes a dead letter. */
  | { readonly kind: "failed"; readonly attempt: Attempt; readonly error: TaskError; readonly failures: number }
  /** The task returns to the queue, for another worker. @property begun Whether the handler was called. */
  | { readonly kind: "handedBack"; readonly attempt: Attempt; readonly begun: boolean };

/** A task in the database. */
export interface StoredTask {
  readonly id: string;
  readonly queue: QueueName;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly key?: string;
  /** How many tries were started. */
  readonly attempts: number;
  readonly failures: number;
  /** Encoded by `encode()`. */
  readonly input: string;
  /** Encoded by `encode()`; only of a task that is done. */
  readonly output?: string;
  /** Why its last try failed; `TASK_LOST` when its worker was gone. */
  readonly error?: TaskError;
  /** The process that gets the updates. */
  readonly origin?: PeerIdentity;
  /** ISO 8601, UTC; so are the others. */
  readonly queuedAt: string;
  readonly startAfter: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** The depth of all queues and versions of a task. */
export interface TaskDepth {
  /** The task's name. */
  readonly task: string;
  /** Tasks that are due. */
  readonly waiting: number;
  /** Tasks that start later, or wait for their next try. */
  readonly later: number;
  readonly running: number;
  /** Dead letters. */
  readonly failed: number;
  /** How long the oldest due task has been waiting; undefined when none is due. */
  readonly oldestMs: number | undefined;
}

/** A schedule of a task. */
export interface TaskSchedule {
  readonly queue: QueueName;
  readonly name: string;
  readonly cron: string;
  readonly tz: string;
}

/** How a schedule proceeds at times at which its task cannot be done. */
export interface SchedulePolicy {
  /** While this many of its tasks wait, its times are skipped. */
  readonly maxWaiting: number;
  /** For times that passed while no logic service ran: `once` queues one task for all of them, `skip` none. */
  readonly missed: "once" | "skip";
}

/** The state of a schedule. */
export interface ScheduleState extends TaskSchedule, SchedulePolicy {
  readonly paused: boolean;
  /** Its next time; ISO 8601, UTC. Absent while it is paused, or when it has no further time. */
  readonly next?: string;
  /** Its last time that was queued or skipped; ISO 8601, UTC. */
  readonly last?: string;
  /** How many of its tasks wait. */
  readonly waiting: number;
  /** How many times were skipped because of `maxWaiting`. */
  readonly leftOut: number;
}

/** The part of a {@link TaskQueue} that a worker needs. */
export type WorkerQueue = Pick<TaskQueue, "due" | "fetch" | "settle" | "touch">;

/** Runs a statement in a plugin's transaction. */
export type RunStatement = (sql: string, values: readonly unknown[]) => Promise<unknown>;

/** The task queues in the database. Each method fails with a PeekError, as `PluginStorage`. */
export interface TaskQueue extends AsyncDisposable {
  /** Creates a queue unless it exists. Later calls for the same queue cost nothing. */
  ensure(queue: QueueName): Promise<void>;
  /**
   * Queues all given tasks or none. A `single` queue takes one task at a time.
   *
   * @param within Runs the statement in a plugin's transaction, under the plugin's role. Default: a transaction of its own.
   * @returns Their ids; for a `single` queue, the id of the task that exists already, if there is one.
   */
  insert(queue: QueueName, requests: readonly TaskRequest[], within?: RunStatement): Promise<readonly string[]>;
  /** Fetches up to `count` due tasks, leased to this process until they are settled or their heartbeats stop. */
  fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]>;
  /** The queues that have due tasks, by one statement. */
  due(queues: readonly QueueName[]): Promise<readonly QueueName[]>;
  /** Records the outcomes of tries of one queue. Returns the ids of the tasks that this process still held. */
  settle(queue: QueueName, outcomes: readonly AttemptOutcome[]): Promise<ReadonlySet<string>>;
  /** Sends heartbeats for tries. Returns the ids of the tasks that this process still held. */
  touch(queue: QueueName, attempts: readonly Attempt[]): Promise<ReadonlySet<string>>;
  /** Cancels a task. Returns false when it had ended already. */
  cancel(queue: QueueName, id: string): Promise<boolean>;
  /** The task with this id, in any queue; undefined when there is none. */
  read(id: string): Promise<StoredTask | undefined>;
  /** The tasks with this name and key, in `keyed` or `single` queues, the newest first. */
  readByKey(task: string, kind: "keyed" | "single", key: string, limit: number): Promise<readonly StoredTask[]>;
  /** The depths of all queues, by name of the task. Counted at most every 5 s. */
  depths(): Promise<readonly TaskDepth[]>;
  /** Tasks, the newest first. @param filter `task`: the name of a task or of a plugin. */
  list(filter: {
    readonly task?: string;
    readonly state?: StoredTask["state"];
    readonly limit: number;
  }): Promise<readonly StoredTask[]>;
  /** Queues dead letters and cancelled tasks again, with their full number of tries. Returns how many. */
  retry(filter: { readonly ids: readonly string[] } | { readonly task: string }): Promise<number>;
  /** Deletes tasks that are not running. Returns how many. */
  drop(
    filter: { readonly ids: readonly string[] } | { readonly task: string; readonly state: "waiting" | "failed" },
  ): Promise<number>;
  schedule(
    queue: QueueName,
    name: string,
    cron: string,
    tz: string,
    request: Omit<TaskRequest, "id" | "startAfter" | "origin">,
    policy?: Partial<SchedulePolicy>,
  ): Promise<void>;
  unschedule(queue: QueueName, name: string): Promise<boolean>;
  schedules(): Promise<readonly TaskSchedule[]>;
  /** All schedules with their states. */
  scheduleStates(): Promise<readonly ScheduleState[]>;
  /** Pauses a schedule, or resumes it from now on. Returns false when there is no such schedule. */
  pauseSchedule(queue: QueueName, name: string, paused: boolean): Promise<boolean>;
}
