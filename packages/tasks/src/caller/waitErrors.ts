import { PeekError } from "@peek/errors";
import type { AnyTaskType } from "@peek/plugin-base/contracts";
import type { StoredTask } from "../queue/TaskQueue.ts";

/** A task, as the errors name it. */
export interface WaitedTask {
  readonly task: Pick<AnyTaskType, "name">;
  readonly id: string;
}

export function taskCancelled({ task, id }: WaitedTask): PeekError {
  return new PeekError("TASK_CANCELLED", `The task ${task.name} (${id}) was taken back before it was done.`, {
    fields: { task: task.name, id },
  });
}

export function taskNotFound({ task, id }: WaitedTask): PeekError {
  return new PeekError(
    "TASK_NOT_FOUND",
    `There is no task ${task.name} with the id ${id}: there never was, it was dropped, or it ended so long ago that it is not kept any more.`,
    { fields: { task: task.name, id } },
  );
}

/** @param isTakenBack Whether the task was taken back, as that of a run() is. */
export function stoppedWaiting({ task, id }: WaitedTask, plugin: string, isTakenBack: boolean): PeekError {
  const fields = { task: task.name, id, plugin };
  return isTakenBack
    ? new PeekError(
        "TASK_CANCELLED",
        `The task ${task.name} (${id}) was taken back: ${plugin} was stopped while it waited for it.`,
        { fields },
      )
    : new PeekError(
        "PLUGIN_RELEASED",
        `${plugin} was stopped while it waited for the task ${task.name} (${id}), which goes on. Wait for it again after the start.`,
        { fields },
      );
}

/**
 * @param stored The task as it was when its time was over; undefined when the database did not tell.
 * @param isTakenBack Whether it was to be taken back, as that of a run() is.
 */
export function deadlineExceeded(
  { task, id }: WaitedTask,
  deadlineMs: number,
  stored: StoredTask | undefined,
  isTakenBack: boolean,
): PeekError {
  const goesOn = isTakenBack ? "It was taken back" : "It goes on";
  const { state, attempts, error } = stored ?? {};
  return new PeekError(
    "TASK_DEADLINE_EXCEEDED",
    `The task ${task.name} (${id}) was not done within ${deadlineMs} ms: ${howFar(stored)}. ${goesOn}.`,
    { fields: { task: task.name, id, deadlineMs, state, attempts, ...(error !== undefined && { error }) } },
  );
}

function howFar(stored: StoredTask | undefined): string {
  if (stored === undefined) return "how far it is is not known, since the database has not answered in time";
  const { state, attempts, error, failures } = stored;
  const why = error === undefined ? "" : `, the last time with ${error.code}: ${error.message.replace(/\.$/, "")}`;
  const failed = failures > 0 || error !== undefined ? `, after it had failed${times(failures)}${why}` : "";
  if (state === "running") return `it was running, at try ${attempts}${failed}`;
  return failed === "" ? "no worker had begun it" : `it was waiting to be tried again${failed}`;
}

/** Those that were lost with their workers are not counted. */
function times(failures: number): string {
  if (failures === 0) return "";
  return failures === 1 ? " once" : ` ${failures} times`;
}
