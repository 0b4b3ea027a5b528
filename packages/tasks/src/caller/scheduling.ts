import { messageOf, PeekError } from "@peek/errors";
import type { AnyTaskType } from "@peek/plugin-base/contracts";
import { type QueueName, queueText } from "../queue/QueueName.ts";
import type { SchedulePolicy, TaskQueue, TaskRequest, TaskSchedule } from "../queue/TaskQueue.ts";
import { optionsInvalid } from "./taskOptions.ts";

/** How the only schedule of a task is called. */
const defaultName = "default";

/** A schedule that is to be made. */
export interface ScheduleRequest {
  readonly name: string | undefined;
  readonly cron: string;
  readonly tz: string | undefined;
  readonly request: Omit<TaskRequest, "id" | "startAfter" | "origin">;
  readonly policy: Partial<SchedulePolicy>;
}

/**
 * Makes a schedule, in place of what has this name.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID` for an expression that is none.
 */
export async function schedule(
  queue: TaskQueue,
  task: AnyTaskType,
  into: QueueName,
  { name = defaultName, cron, tz = "UTC", request, policy }: ScheduleRequest,
): Promise<void> {
  await queue.ensure(into);
  try {
    await queue.schedule(into, name, cron.trim(), tz, request, policy);
  } catch (error) {
    if (PeekError.is(error)) throw error;
    throw optionsInvalid(task, "schedule", messageOf(error).replace(/\.$/, ""), error);
  }
  // That of a version before, or of one without its key, is for another queue.
  const others = (await named(queue, task, name)).filter((other) => queueText(other.queue) !== queueText(into));
  for (const other of others) await queue.unschedule(other.queue, name);
}

/** Ends the schedule with this name, of whichever version. Returns whether there was one. */
export async function unschedule(queue: TaskQueue, task: AnyTaskType, name = defaultName): Promise<boolean> {
  let isEnded = false;
  for (const { queue: of } of await named(queue, task, name)) {
    if (await queue.unschedule(of, name)) isEnded = true;
  }
  return isEnded;
}

async function named(queue: TaskQueue, task: AnyTaskType, name: string): Promise<readonly TaskSchedule[]> {
  return (await queue.schedules()).filter((each) => each.name === name && each.queue.task === task.name);
}
