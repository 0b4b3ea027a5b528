import { setTimeout as pause } from "node:timers/promises";
import { toError } from "@peek/errors";
import type { Logger, TaskWaitOptions } from "@peek/plugin-base";
import type { TaskType } from "@peek/plugin-base/contracts";
import type { StoredTask } from "../queue/TaskQueue.ts";
import { followWith } from "./followWith.ts";
import type { Phase } from "./PluginPhases.ts";
import type { TaskDesk } from "./TaskDesk.ts";
import { failureOf, readOutput } from "./taskData.ts";
import type { Outcome, Wait } from "./Wait.ts";
import { deadlineExceeded, stoppedWaiting, taskCancelled, taskNotFound } from "./waitErrors.ts";
import { outcomeOf, type Waits } from "./Waits.ts";

const defaultDeadlineMs = 60_000;
/** How long whoever gives up waits until the database knows it; milliseconds. */
const giveUpMs = 1000;

/** What a task is waited for with. */
export interface WaitingParts {
  readonly plugin: string;
  readonly desk: TaskDesk;
  readonly waits: Waits;
  readonly logger: Logger;
}

/** A task that is waited for. */
export interface WaitedFor<Output> {
  readonly task: TaskType<unknown, Output, unknown, unknown>;
  readonly id: string;
  readonly phase: Phase;
  readonly options: TaskWaitOptions;
  /** Looks whether it is in the database, or puts it there; to what has become of it, if that is known then. */
  readonly begin: () => Promise<Outcome | undefined>;
  /** Takes the task back when it is not waited for any more. Default: it goes on. */
  readonly takeBack?: () => Promise<unknown>;
}

/**
 * Waits for a task.
 *
 * @returns Its output.
 * @throws PeekError as `PluginTasks.run`; or the reason of the signal.
 */
export async function waitFor<Output>(parts: WaitingParts, waited: WaitedFor<Output>): Promise<Output> {
  const { task, id, options, begin } = waited;
  const { waits, logger } = parts;
  const { onProgress } = options;
  using wait = waits.open(id, onProgress && followWith(onProgress, task.name, logger));
  const begun = settle(begin, wait, () => waits.queued(id));
  const outcome = await endOf(parts, waited, wait, begun);
  return await resultOf(parts, waited, outcome, begun);
}

/** Never rejects. Resolves to whether the task is, or was, in the database. */
async function settle(begin: WaitedFor<unknown>["begin"], wait: Wait, onBegun: () => void): Promise<boolean> {
  try {
    const outcome = await begin();
    if (outcome === undefined) onBegun();
    else wait.end(outcome);
    return true;
  } catch (error) {
    wait.end({ kind: "broken", error });
    return false;
  }
}

/** How the wait has ended, which it does when its time is over, its signal fires or its plugin stops, too. */
async function endOf(
  { desk }: WaitingParts,
  { phase, options, takeBack, task }: WaitedFor<unknown>,
  wait: Wait,
  begun: Promise<boolean>,
): Promise<Outcome> {
  const { deadlineMs = defaultDeadlineMs, signal } = options;
  const timer = setTimeout(() => wait.end({ kind: "overdue" }), deadlineMs);
  const abort = (): void => wait.end({ kind: "aborted", reason: signal?.reason });
  const release = phase.hold(async () => {
    wait.end({ kind: "stopped" });
    if (takeBack === undefined) return;
    await desk.attempt(notTakenBack(task.name), async () => (await begun) && (await takeBack()));
  });
  signal?.addEventListener("abort", abort);
  try {
    return await wait.outcome;
  } finally {
    clearTimeout(timer);
    release();
    // It may outlive many waits.
    signal?.removeEventListener("abort", abort);
  }
}

async function resultOf<Output>(
  parts: WaitingParts,
  waited: WaitedFor<Output>,
  outcome: Outcome,
  begun: Promise<boolean>,
): Promise<Output> {
  const { desk, plugin } = parts;
  const { task, id, options, takeBack } = waited;
  switch (outcome.kind) {
    case "done":
      return readOutput(task, id, outcome.output);
    case "failed":
      throw failureOf(task, id, outcome.error);
    case "cancelled":
      throw taskCancelled(waited);
    case "gone":
      throw taskNotFound(waited);
    case "broken":
      throw toError(outcome.error);
    case "stopped":
      throw stoppedWaiting(waited, plugin, takeBack !== undefined);
    case "aborted":
      if (takeBack !== undefined) {
        await inTime(desk.attempt(notTakenBack(task.name), async () => (await begun) && (await takeBack())));
      }
      // Whatever the plugin has aborted with.
      throw outcome.reason;
    case "overdue":
      break;
  }
  const look = desk.attempt(notTakenBack(task.name), async () => (await begun) && (await lastLook(desk, waited)));
  const found = await inTime(look);
  const stored = isFound(found) ? found.stored : undefined;
  // It may have ended at the last moment.
  const late = isFound(found) ? outcomeOf(stored) : undefined;
  if (late !== undefined) return await resultOf(parts, waited, late, begun);
  const { deadlineMs = defaultDeadlineMs } = options;
  throw deadlineExceeded(waited, deadlineMs, stored, takeBack !== undefined);
}

interface Found {
  readonly stored: StoredTask | undefined;
}

function isFound(found: Found | false | undefined): found is Found {
  return typeof found === "object";
}

/** How far a task is whose time is over; it is taken back then, if it is to be. */
async function lastLook(desk: TaskDesk, { id, takeBack }: WaitedFor<unknown>): Promise<Found> {
  const stored = await desk.read(id);
  if (takeBack === undefined || outcomeOf(stored) !== undefined) return { stored };
  return (await takeBack()) === true ? { stored } : { stored: await desk.read(id) };
}

/** What does not come in time is not waited for; it goes on. */
async function inTime<Result>(result: Promise<Result>): Promise<Result | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([result, pause(giveUpMs, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}

function notTakenBack(name: string): string {
  return `A task ${name} that is not waited for any more cannot be looked up or taken back`;
}
