import { PeekError } from "@peek/errors";
import type { TaskQueue } from "@peek/tasks";
import type { TaskState } from "./taskStates.ts";

/** The maximum number of ids in the message on unchanged tasks. */
const maxReasons = 10;

/** The tasks that the command line names. */
export interface ChosenTasks {
  readonly ids: readonly string[];
  /** All tasks of this type. */
  readonly all: string | undefined;
}

/** The chosen tasks: some, or all of a type. */
export type TaskChoice = { readonly ids: readonly string[] } | { readonly task: string };

/**
 * Checks that the command line names tasks in exactly one way.
 *
 * @throws PeekError `USAGE`
 */
export function chosenTasks({ ids, all }: ChosenTasks): TaskChoice {
  if (all === undefined && ids.length > 0) return { ids };
  if (all !== undefined && ids.length === 0) return { task: all };
  throw new PeekError("USAGE", "Name the tasks by their ids, or give --all and their type, not both.");
}

/** A change of tasks. */
export interface TaskWork {
  /** Changes all tasks that it can change, and returns their number. */
  readonly run: (queue: TaskQueue) => Promise<number>;
  /** The participle for the message: `queued again`. */
  readonly did: string;
  /** The noun for the tasks that it can change: `dead letter`. */
  readonly which: string;
  /** Whether it can change tasks in this state. */
  readonly isFor: (state: TaskState) => boolean;
  /** Why it may fail to change such a task. */
  readonly exception: string;
}

/**
 * Changes the chosen tasks, and prints their number.
 *
 * @throws PeekError `USAGE` with the reason for each unchanged id; or for an unknown type.
 */
export async function withChosen(queue: TaskQueue | undefined, choice: TaskChoice, work: TaskWork): Promise<void> {
  // The name of a plugin is refused: deleted tasks cannot be restored.
  if ("task" in choice) await checkType(queue, choice.task);
  const before = "ids" in choice ? await statesOf(queue, choice.ids) : undefined;
  const count = queue === undefined ? 0 : await work.run(queue);
  if (count > 0) console.log(`${count} task${count === 1 ? " is" : "s are"} ${work.did}`);
  if ("task" in choice) {
    if (count === 0) console.log(`There is no ${work.which} of ${choice.task}.`);
  } else if (before !== undefined && count < before.size) {
    const all = await reasons(queue, before, before.size - count, work);
    const shown = all.slice(0, maxReasons);
    const more = all.length > shown.length ? `. ${all.length - shown.length} more tasks are unchanged` : "";
    throw new PeekError("USAGE", `${shown.join(". ")}${more}. See peek tasks list.`);
  }
}

/** Why `missing` of these tasks were not changed. */
async function reasons(
  queue: TaskQueue | undefined,
  before: ReadonlyMap<string, TaskState | undefined>,
  missing: number,
  { did, isFor, exception }: TaskWork,
): Promise<readonly string[]> {
  const known = [...before].flatMap(([id, state]) => {
    if (state === undefined) return [`There is no task ${id}`];
    return isFor(state) ? [] : [`${id} is not ${did}: it is ${state}`];
  });
  if (known.length >= missing) return known;
  const could = [...before].flatMap(([id, state]) => (state !== undefined && isFor(state) ? [id] : []));
  const after = await statesOf(queue, could);
  const left = could.filter((id) => after.get(id) === before.get(id));
  return [...known, ...left.map((id) => `${id} is not ${did}: ${exception}`)];
}

async function statesOf(
  queue: TaskQueue | undefined,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TaskState | undefined>> {
  const states = new Map<string, TaskState | undefined>();
  for (const id of ids) states.set(id, (await queue?.read(id))?.state);
  return states;
}

/** @throws PeekError `USAGE` */
async function checkType(queue: TaskQueue | undefined, name: string): Promise<void> {
  const types = ((await queue?.depths()) ?? []).map(({ task }) => task);
  if (types.includes(name)) return;
  const ofPlugin = types.filter((task) => task.startsWith(`${name}.`));
  if (ofPlugin.length === 0) throw unknownType(name);
  throw new PeekError(
    "USAGE",
    `--all expects a type of tasks, but ${name} is a plugin. Give one of its types: ${ofPlugin.join(", ")}.`,
  );
}

/** The error for a type of tasks, or a plugin, of which no task was ever queued. */
export function unknownType(name: string): PeekError {
  return new PeekError("USAGE", `No task of ${name} was ever queued. See peek tasks list.`);
}
