import type { PeerIdentity } from "@peek/plugin-base";
import type { TaskRetry } from "@peek/plugin-base/contracts";
import type { QueueName } from "./QueueName.ts";

/** A task that is to be queued. */
export interface TaskRequest {
  /** A UUID of version 7: of two from one process, the later one is the greater. */
  readonly id: string;
  /** As `encode()` has made it. */
  readonly input: string;
  readonly priority: number;
  /** What orders it (`keyed`), or makes it the only one (`single`). Default: nothing. */
  readonly key?: string;
  /** ISO 8601, or milliseconds from now. Default: at once. */
  readonly startAfter?: string | number;
  readonly retry: Required<TaskRetry>;
  /** What one try may take; milliseconds. */
  readonly deadlineMs: number;
  /** Who is to be told what becomes of it, if anybody. */
  readonly origin?: PeerIdentity;
}

/** A try at a task: what was taken, and is settled, by one worker. */
export interface Attempt {
  readonly id: string;
  /** How often it was taken before. */
  readonly retryCount: number;
}

/** A task that was taken out of a queue, to be done. */
export interface FetchedTask extends Attempt {
  readonly queue: QueueName;
  /** As `encode()` has made it. */
  readonly input: string;
  readonly key?: string;
  /** How often it has failed: tries that were lost do not count. */
  readonly failures: number;
  readonly retry: Required<TaskRetry>;
  readonly origin?: PeerIdentity;
}

/** Why a try has failed, as it is kept and told. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
}

/** What has become of a try. */
export type AttemptOutcome =
  /** @property output As `encode()` has made it. */
  | { readonly kind: "done"; readonly attempt: Attempt; readonly output: string }
  /** It is tried again after so many milliseconds; `failures` counts this one too. */
  | {
      readonly kind: "retry";
      readonly attempt: Attempt;
      readonly error: TaskError;
      readonly failures: number;
      readonly delayMs: number;
    }
  /** It is a dead letter. */
  | { readonly kind: "failed"; readonly attempt: Attempt; readonly error: TaskError; readonly failures: number }
  /** It was not begun, or its worker stops: another is to take it at once. @property begun Whether the handler was called. */
  | { readonly kind: "handedBack"; readonly attempt: Attempt; readonly begun: boolean };

/** A task as the database has it. */
export interface StoredTask {
  readonly id: string;
  readonly queue: QueueName;
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly key?: string;
  /** How often it was begun. */
  readonly attempts: number;
  readonly failures: number;
  /** As `encode()` has made it. */
  readonly input: string;
  /** As `encode()` has made it; only when it is done. */
  readonly output?: string;
  /** Why its last try failed, if one has; `TASK_LOST` where its worker was gone. */
  readonly error?: TaskError;
  /** Who is told what becomes of it, if anybody. */
  readonly origin?: PeerIdentity;
  /** ISO 8601, UTC; so are the others. */
  readonly queuedAt: string;
  readonly startAfter: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
}

/** How full the queues of a task are. */
export interface TaskDepth {
  /** The task's name; all its queues and versions together. */
  readonly task: string;
  /** Those that could be taken now. */
  readonly waiting: number;
  /** Those whose time has not come: queued for later, or to be tried again. */
  readonly later: number;
  readonly running: number;
  /** Dead letters. */
  readonly failed: number;
  /** How long the oldest of those that could be taken now has been waiting; milliseconds. undefined: there is none. */
  readonly oldestMs: number | undefined;
}

/** A schedule that was made. */
export interface TaskSchedule {
  readonly queue: QueueName;
  readonly name: string;
  readonly cron: string;
  readonly tz: string;
}

/** What becomes of the times of a schedule at which its task cannot be done. */
export interface SchedulePolicy {
  /** How many of its tasks wait at most: a time that comes while so many do is left out. */
  readonly maxWaiting: number;
  /** Whether the last of the times that passed while no logic ran is made up for: `once`, or not at all: `skip`. */
  readonly missed: "once" | "skip";
}

/** How a schedule is doing. */
export interface ScheduleState extends TaskSchedule, SchedulePolicy {
  readonly paused: boolean;
  /** When its task is queued next; ISO 8601, UTC, as the other. Absent while it is paused, or when there is no such time. */
  readonly next?: string;
  /** Its last time that was queued or left out. */
  readonly last?: string;
  /** How many of its tasks wait. */
  readonly waiting: number;
  /** How many times were left out since so many waited already. */
  readonly leftOut: number;
}

/** The part of a {@link TaskQueue} that a worker needs. */
export type WorkerQueue = Pick<TaskQueue, "due" | "fetch" | "settle" | "touch">;

/** Runs a statement in a plugin's transaction. */
export type RunStatement = (sql: string, values: readonly unknown[]) => Promise<unknown>;

/** Tasks in the database. Whatever it does fails with a PeekError, as `PluginStorage`. */
export interface TaskQueue extends AsyncDisposable {
  /** Makes a queue, where it is not there yet; remembers which it has made. */
  ensure(queue: QueueName): Promise<void>;
  /**
   * Queues tasks, all or none. In a `single` queue one task at a time.
   *
   * @param within Runs the statement in a plugin's transaction, under the plugin's role. Default: in one of its own.
   * @returns Their ids; in a `single` queue that of the one that is there already, if so.
   */
  insert(queue: QueueName, requests: readonly TaskRequest[], within?: RunStatement): Promise<readonly string[]>;
  /** Takes up to so many tasks that are due, which are then this process's until they are settled, or not touched in time. */
  fetch(queue: QueueName, count: number): Promise<readonly FetchedTask[]>;
  /** Which of some queues have tasks that are due; one question for all. */
  due(queues: readonly QueueName[]): Promise<readonly QueueName[]>;
  /** Records what has become of tries of one queue. Returns the ids of those that were still this process's. */
  settle(queue: QueueName, outcomes: readonly AttemptOutcome[]): Promise<ReadonlySet<string>>;
  /** Says that tries are still being worked on. Returns the ids of those that were still this process's. */
  touch(queue: QueueName, attempts: readonly Attempt[]): Promise<ReadonlySet<string>>;
  /** Takes a task back, unless it has ended. Returns whether it has not. */
  cancel(queue: QueueName, id: string): Promise<boolean>;
  /** One task, of whichever queue; undefined where there is none. */
  read(id: string): Promise<StoredTask | undefined>;
  /** The tasks of a task's name with this key, in its `keyed` or `single` queues, the newest first. */
  readByKey(task: string, kind: "keyed" | "single", key: string, limit: number): Promise<readonly StoredTask[]>;
  /** How full the queues are, of all tasks that are known, by name. What counting costs is bounded: at most every 5 s. */
  depths(): Promise<readonly TaskDepth[]>;
  /** Tasks, the newest first. @param filter By name of the task or its plugin, and by state. */
  list(filter: {
    readonly task?: string;
    readonly state?: StoredTask["state"];
    readonly limit: number;
  }): Promise<readonly StoredTask[]>;
  /** Queues dead letters and cancelled tasks again, with all their tries. Returns how many. */
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
  /** All schedules, with how they are doing. */
  scheduleStates(): Promise<readonly ScheduleState[]>;
  /** Has a schedule queue nothing until it is told to again: then from that time on. Returns whether there is one. */
  pauseSchedule(queue: QueueName, name: string, paused: boolean): Promise<boolean>;
}
