import type { StoredTask, TaskDepth } from "@peek/tasks";
import { printJson } from "../output.ts";
import { unknownType } from "./chosenTasks.ts";
import { printDepths } from "./printDepths.ts";
import { printFitted } from "./printFitted.ts";
import type { TaskState } from "./taskStates.ts";
import { withTaskQueue } from "./withTaskQueue.ts";

/** Which tasks are listed. */
export interface ListFilter {
  /** A type of tasks, or a plugin. Default: all tasks. */
  readonly name?: string;
  readonly state?: TaskState;
  readonly limit: number;
}

/**
 * `peek tasks list`
 *
 * @throws PeekError `USAGE` for an unknown type of tasks or plugin.
 */
export async function listTasks({ name, state, limit }: ListFilter, json: boolean): Promise<void> {
  await withTaskQueue("peek tasks list", async ({ queue, plugins }) => {
    const depths = ((await queue?.depths()) ?? []).filter(
      ({ task }) => name === undefined || task === name || task.startsWith(`${name}.`),
    );
    if (queue !== undefined && name !== undefined && depths.length === 0 && !plugins.includes(name)) {
      throw unknownType(name);
    }
    // Only the name of a type of tasks has a dot.
    const isOverview = state === undefined && name?.includes(".") !== true;
    const of = { limit, ...(name !== undefined && { task: name }) };
    const wanted = isOverview ? ({ state: "failed" } as const) : state !== undefined && { state };
    const tasks = (await queue?.list({ ...of, ...wanted })) ?? [];
    if (json)
      printJson(
        isOverview ? { types: depths.map(depthInJson), deadLetters: tasks.map(taskInJson) } : tasks.map(taskInJson),
      );
    else if (queue === undefined) console.log("No task was ever queued.");
    else if (isOverview) printOverview(depths, tasks);
    else printTasks(tasks, state);
  });
}

/** In JSON, a missing time is null. */
function depthInJson({ oldestMs, ...depth }: TaskDepth): object {
  return { ...depth, oldestMs: oldestMs ?? null };
}

function taskInJson({ id, queue, ...task }: StoredTask): object {
  return { id, ...queue, ...task };
}

function printOverview(depths: readonly TaskDepth[], letters: readonly StoredTask[]): void {
  if (depths.length === 0) {
    console.log("There are no tasks.");
    return;
  }
  printDepths(depths);
  const all = depths.reduce((sum, { failed }) => sum + failed, 0);
  if (letters.length === 0) return;
  console.log(`\nDead letters${letters.length < all ? `, the newest ${letters.length} of ${all}` : ""}:`);
  printFitted([
    ["ID", "TASK", "FAILED", "TRIES", "WHY"],
    ...letters.map((letter) => [
      letter.id,
      letter.queue.task,
      letter.endedAt ?? "-",
      String(letter.attempts),
      whyOf(letter),
    ]),
  ]);
}

function printTasks(tasks: readonly StoredTask[], state: TaskState | undefined): void {
  if (tasks.length === 0) {
    console.log(state === undefined ? "No tasks match." : `No task is ${state}.`);
    return;
  }
  printFitted([
    ["ID", "TASK", "VERSION", "KEY", "QUEUED", "STATE", "AT", "TRIES", "WHY"],
    ...tasks.map((task) => [
      task.id,
      task.queue.task,
      String(task.queue.version),
      task.key ?? "-",
      task.queuedAt,
      task.state,
      timeOf(task),
      String(task.attempts),
      whyOf(task),
    ]),
  ]);
}

/** When the task came into its state; for a waiting task, when it may begin. */
function timeOf({ state, startAfter, startedAt, endedAt }: StoredTask): string {
  if (state === "waiting") return startAfter;
  return (state === "running" ? startedAt : endedAt) ?? "-";
}

function whyOf({ error }: StoredTask): string {
  return error === undefined ? "-" : `${error.code}: ${error.message}`;
}
