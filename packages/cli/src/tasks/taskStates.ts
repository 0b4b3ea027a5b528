import type { StoredTask } from "@peek/tasks";

/** How far a task is: `failed` are the dead letters. */
export type TaskState = StoredTask["state"];

export const taskStates: readonly TaskState[] = ["waiting", "running", "done", "failed", "cancelled"];
