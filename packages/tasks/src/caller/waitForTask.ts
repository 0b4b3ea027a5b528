import { toError } from "@peek/errors";
import { type PluginScope, waitAtMost } from "@peek/kit";
import type { Logger, TaskWaitOptions } from "@peek/plugin-base";
import type { TaskType } from "@peek/plugin-base/contracts";
import type { StoredTask } from "../queue/TaskQueue.ts";
import { progressListener } from "./progressListener.ts";
import { readOutput, toPeekError } from "./taskData.ts";
import type { TaskStore } from "./TaskStore.ts";
import type { TaskWaiter, WaitOutcome } from "./TaskWaiter.ts";
import { deadlineExceeded, stoppedWaiting, taskCancelled, taskNotFound } from "./waitErrors.ts";
import { type WaiterRegistry, waitOutcomeOf } from "./WaiterRegistry.ts";

const defaultDeadlineMs = 60_000;
/** How long a call that gives up waits for the database to confirm the cancellation. */
const giveUpMs = 1000;

/** What {@link waitForTask} works with. */
export interface WaitDependencies {
  readonly plugin: string;
  readonly store: TaskStore;
  readonly waiters: WaiterRegistry;
  readonly logger: Logger;
}

/** A task to wait for. */
export interface TaskWait<Output> {
  readonly task: TaskType<unknown, Output, unknown, unknown>;
  readonly id: string;
  readonly scope: PluginScope;
  readonly options: TaskWaitOptions;
  /** Queues the task or reads it. Returns how it ended, when it has ended already. */
  readonly begin: () => Promise<WaitOutcome | undefined>;
  /** Cancels the task when nobody waits for it any more. Default: the task continues. */
  readonly cancel?: () => Promise<unknown>;
}

/**
 * Waits for a task.
 *
 * @returns Its output.
 * @throws PeekError as `PluginTasks.run`, or the reason of the signal.
 */
export async function waitForTask<Output>(dependencies: WaitDependencies, wait: TaskWait<Output>): Promise<Output> {
  const { task, id, options, begin } = wait;
  const { waiters, logger } = dependencies;
  const { onProgress } = options;
  using waiter = waiters.open(id, onProgress && progressListener(onProgress, task.name, logger));
  const begun = runBegin(begin, waiter, () => waiters.queued(id));
  const outcome = await outcomeOf(dependencies, wait, waiter, begun);
  return await resultOf(dependencies, wait, outcome, begun);
}

/** Never rejects. Resolves to whether the task is, or was, in the database. */
async function runBegin(begin: TaskWait<unknown>["begin"], waiter: TaskWaiter, onQueued: () => void): Promise<boolean> {
  try {
    const outcome = await begin();
    if (outcome === undefined) onQueued();
    else waiter.end(outcome);
    return true;
  } catch (error) {
    waiter.end({ kind: "broken", error });
    return false;
  }
}

/** How waiting ended; the deadline, the signal and the end of the plugin's phase end it too. */
async function outcomeOf(
  { store }: WaitDependencies,
  { scope, options, cancel, task }: TaskWait<unknown>,
  waiter: TaskWaiter,
  begun: Promise<boolean>,
): Promise<WaitOutcome> {
  const { deadlineMs = defaultDeadlineMs, signal } = options;
  const timer = setTimeout(() => waiter.end({ kind: "overdue" }), deadlineMs);
  const abort = (): void => waiter.end({ kind: "aborted", reason: signal?.reason });
  const release = scope.hold(async () => {
    waiter.end({ kind: "stopped" });
    if (cancel === undefined) return;
    await store.tryInBackground(giveUpFailure(task.name), async () => (await begun) && (await cancel()));
  });
  signal?.addEventListener("abort", abort);
  try {
    return await waiter.outcome;
  } finally {
    clearTimeout(timer);
    release();
    // The signal may outlive many waits.
    signal?.removeEventListener("abort", abort);
  }
}

async function resultOf<Output>(
  dependencies: WaitDependencies,
  wait: TaskWait<Output>,
  outcome: WaitOutcome,
  begun: Promise<boolean>,
): Promise<Output> {
  const { store, plugin } = dependencies;
  const { task, id, options, cancel } = wait;
  switch (outcome.kind) {
    case "done":
      return readOutput(task, id, outcome.output);
    case "failed":
      throw toPeekError(task, id, outcome.error);
    case "cancelled":
      throw taskCancelled(wait);
    case "missing":
      throw taskNotFound(wait);
    case "broken":
      throw toError(outcome.error);
    case "stopped":
      throw stoppedWaiting(wait, plugin, cancel !== undefined);
    case "aborted":
      if (cancel !== undefined) {
        await waitAtMost(
          giveUpMs,
          store.tryInBackground(giveUpFailure(task.name), async () => (await begun) && (await cancel())),
        );
      }
      // The plugin chose the reason; it need not be an Error.
      throw outcome.reason;
    case "overdue":
      break;
  }
  const reading = store.tryInBackground(
    giveUpFailure(task.name),
    async () => (await begun) && (await readAndCancel(store, wait)),
  );
  const found = await waitAtMost(giveUpMs, reading);
  const stored = isFound(found) ? found.stored : undefined;
  // The task may have ended at the last moment.
  const late = isFound(found) ? waitOutcomeOf(stored) : undefined;
  if (late !== undefined) return await resultOf(dependencies, wait, late, begun);
  const { deadlineMs = defaultDeadlineMs } = options;
  throw deadlineExceeded(wait, deadlineMs, stored, cancel !== undefined);
}

interface Found {
  readonly stored: StoredTask | undefined;
}

function isFound(found: Found | false | undefined): found is Found {
  return typeof found === "object";
}

/** Reads an overdue task, and cancels it when it is to be cancelled and has not ended. */
async function readAndCancel(store: TaskStore, { id, cancel }: TaskWait<unknown>): Promise<Found> {
  const stored = await store.read(id);
  if (cancel === undefined || waitOutcomeOf(stored) !== undefined) return { stored };
  return (await cancel()) === true ? { stored } : { stored: await store.read(id) };
}

function giveUpFailure(name: string): string {
  return `Failed to read or cancel a task ${name} that is not waited for any more`;
}
