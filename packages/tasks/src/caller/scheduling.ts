import { messageOf, PeekError } from "@peek/errors";
import type { AnyTaskType } from "@peek/plugin-base/contracts";
import { type QueueName, queueText } from "../queue/QueueName.ts";
import type { SchedulePolicy, TaskQueue, TaskRequest, TaskSchedule } from "../queue/TaskQueue.ts";
import { optionsInvalid } from "./taskOptions.ts";

/** The name of a schedule that was made without one. */
const defaultName = "default";

/** A schedule to make. */
export interface ScheduleRequest {
  readonly name: string | undefined;
  readonly cron: string;
  readonly tz: string | undefined;
  readonly request: Omit<TaskRequest, "id" | "startAfter" | "origin">;
  readonly policy: Partial<SchedulePolicy>;
}

/**
 * Makes a schedule, or replaces the one with this name.
 *
 * @throws PeekError `TASK_OPTIONS_INVALID` for an invalid cron expression.
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
  // An older version of the task, or the same schedule without a key, used another queue.
  const others = (await named(queue, task, name)).filter((other) => queueText(other.queue) !== queueText(into));
  for (const other of others) await queue.unschedule(other.queue, name);
}

/** Removes the schedule with this name, in all versions of the task. Returns whether there was one. */
export async function unschedule(queue: TaskQueue, task: AnyTaskType, name = defaultName): Promise<boolean> {
  let isRemoved = false;
  for (const schedule of await named(queue, task, name)) {
    if (await queue.unschedule(schedule.queue, name)) isRemoved = true;
  }
  return isRemoved;
}

async function named(queue: TaskQueue, task: AnyTaskType, name: string): Promise<readonly TaskSchedule[]> {
  return (await queue.schedules()).filter((each) => each.name === name && each.queue.task === task.name);
}
