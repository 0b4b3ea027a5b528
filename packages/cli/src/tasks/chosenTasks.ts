import { PeekError } from "@peek/errors";
import type { TaskQueue } from "@peek/tasks";
import type { TaskState } from "./taskStates.ts";

/** Of how many ids it is told at most why nothing was done to them. */
const mostTold = 10;

/** The tasks that a command is for, as they were named. */
export interface ChosenTasks {
  readonly ids: readonly string[];
  /** All of this type. */
  readonly all: string | undefined;
}

/** The tasks that a command is for: some, or all of a type. */
export type TaskChoice = { readonly ids: readonly string[] } | { readonly task: string };

/**
 * One way of naming tasks, and not both.
 *
 * @throws PeekError `USAGE`
 */
export function chosenTasks({ ids, all }: ChosenTasks): TaskChoice {
  if (all === undefined && ids.length > 0) return { ids };
  if (all !== undefined && ids.length === 0) return { task: all };
  throw new PeekError("USAGE", "Name the tasks by their ids, or give --all and their type, and not both.");
}

/** Something that is done with tasks. */
export interface TaskWork {
  /** Does it to all that it can be done to. Gives how many these are. */
  readonly run: (queue: TaskQueue) => Promise<number>;
  /** What it has done to them: `queued again`. */
  readonly did: string;
  /** How those of a type are called that it is for: `dead letter`. */
  readonly which: string;
  /** Whether it is for tasks in this state. */
  readonly isFor: (state: TaskState) => boolean;
  /** Why one may be left as it is nevertheless. */
  readonly exception: string;
}

/**
 * Does something with the tasks that were named, and says with how many.
 *
 * @throws PeekError `USAGE` which says of each of the ids that it was not done to why not; or when nobody knows the type.
 */
export async function withChosen(queue: TaskQueue | undefined, choice: TaskChoice, work: TaskWork): Promise<void> {
  // The name of a plugin is none of a type: what is deleted cannot be brought back.
  if ("task" in choice) await checkType(queue, choice.task);
  const before = "ids" in choice ? await statesOf(queue, choice.ids) : undefined;
  const count = queue === undefined ? 0 : await work.run(queue);
  if (count > 0) console.log(`${count} task${count === 1 ? " is" : "s are"} ${work.did}`);
  if ("task" in choice) {
    if (count === 0) console.log(`There is no ${work.which} of ${choice.task}.`);
  } else if (before !== undefined && count < before.size) {
    const all = await reasons(queue, before, before.size - count, work);
    const told = all.slice(0, mostTold);
    const more = all.length > told.length ? `. So it is with ${all.length - told.length} more` : "";
    throw new PeekError("USAGE", `${told.join(". ")}${more}. See peek tasks list.`);
  }
}

/** Why it was not done to so many of these. */
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
    `--all takes a type of tasks, and ${name} is a plugin. Give one of its types: ${ofPlugin.join(", ")}.`,
  );
}

/** What there is to say of a type of tasks, or a plugin, that no task was queued of. */
export function unknownType(name: string): PeekError {
  return new PeekError("USAGE", `No task of ${name} was ever queued. See peek tasks list.`);
}
