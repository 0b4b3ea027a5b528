import { PeekError } from "@peek/errors";
import type { AnyTaskType } from "@peek/plugin-base/contracts";
import type { StoredTask } from "../queue/TaskQueue.ts";

/** The task that an error is about. */
export interface TaskReference {
  readonly task: Pick<AnyTaskType, "name">;
  readonly id: string;
}

export function taskCancelled({ task, id }: TaskReference): PeekError {
  return new PeekError("TASK_CANCELLED", `The task ${task.name} (${id}) was cancelled before it was done.`, {
    fields: { task: task.name, id },
  });
}

export function taskNotFound({ task, id }: TaskReference): PeekError {
  return new PeekError(
    "TASK_NOT_FOUND",
    `There is no task ${task.name} with the id ${id}: it never existed, was dropped, or ended so long ago that it was deleted.`,
    { fields: { task: task.name, id } },
  );
}

/** @param isCancelled Whether the task is cancelled too, as run() does. */
export function stoppedWaiting({ task, id }: TaskReference, plugin: string, isCancelled: boolean): PeekError {
  const fields = { task: task.name, id, plugin };
  return isCancelled
    ? new PeekError(
        "TASK_CANCELLED",
        `The task ${task.name} (${id}) was cancelled: ${plugin} was stopped while it waited for it.`,
        { fields },
      )
    : new PeekError(
        "PLUGIN_RELEASED",
        `${plugin} was stopped while it waited for the task ${task.name} (${id}), which continues. Wait for it again after the start.`,
        { fields },
      );
}

/**
 * @param stored The task at its deadline; undefined when the database did not answer.
 * @param isCancelled Whether the task is cancelled too, as run() does.
 */
export function deadlineExceeded(
  { task, id }: TaskReference,
  deadlineMs: number,
  stored: StoredTask | undefined,
  isCancelled: boolean,
): PeekError {
  const consequence = isCancelled ? "It was cancelled" : "It continues";
  const { state, attempts, error } = stored ?? {};
  return new PeekError(
    "TASK_DEADLINE_EXCEEDED",
    `The task ${task.name} (${id}) was not done within ${deadlineMs} ms: ${progressOf(stored)}. ${consequence}.`,
    { fields: { task: task.name, id, deadlineMs, state, attempts, ...(error !== undefined && { error }) } },
  );
}

function progressOf(stored: StoredTask | undefined): string {
  if (stored === undefined) return "its state is unknown, since the database did not answer in time";
  const { state, attempts, error, failures } = stored;
  const why = error === undefined ? "" : `, the last time with ${error.code}: ${error.message.replace(/\.$/, "")}`;
  const failed = failures > 0 || error !== undefined ? `, after it had failed${times(failures)}${why}` : "";
  if (state === "running") return `it was running, at try ${attempts}${failed}`;
  return failed === "" ? "no worker had started it" : `it was waiting for its next try${failed}`;
}

/** Tries that were lost with their workers are not counted. */
function times(failures: number): string {
  if (failures === 0) return "";
  return failures === 1 ? " once" : ` ${failures} times`;
}
