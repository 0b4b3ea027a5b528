import { PeekError } from "@peek/errors";
import type { TaskQueue } from "@peek/tasks";

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

/**
 * Does something with the tasks that were named, and says with how many.
 *
 * @param work Gives how many it has found.
 * @param did What it has done to them: `queued again`.
 * @param which How those are called that it is for: `dead letter or cancelled task`.
 * @throws PeekError `USAGE` when some of the ids are of none, or nobody knows the type.
 */
export async function withChosen(
  queue: TaskQueue | undefined,
  choice: TaskChoice,
  {
    work,
    did,
    which,
  }: { readonly work: (queue: TaskQueue) => Promise<number>; readonly did: string; readonly which: string },
): Promise<void> {
  // The name of a plugin is none of a type: what is deleted cannot be brought back.
  if ("task" in choice && !(await isType(queue, choice.task))) throw unknownType(choice.task);
  const count = queue === undefined ? 0 : await work(queue);
  if (count > 0) console.log(`${count} task${count === 1 ? " is" : "s are"} ${did}`);
  if ("task" in choice) {
    if (count === 0) console.log(`There is no ${which} of ${choice.task}.`);
    return;
  }
  const [first = "", ...others] = choice.ids;
  const missing = choice.ids.length - count;
  if (missing === 0) return;
  const those =
    others.length === 0
      ? `${first} is`
      : `${missing} of these ${choice.ids.length} ids ${missing === 1 ? "is" : "are"}`;
  throw new PeekError("USAGE", `${those} that of no ${which}. See peek tasks list.`);
}

async function isType(queue: TaskQueue | undefined, name: string): Promise<boolean> {
  return ((await queue?.depths()) ?? []).some(({ task }) => task === name);
}

/** What there is to say of a type of tasks, or a plugin, that no task was queued of. */
export function unknownType(name: string): PeekError {
  return new PeekError("USAGE", `No task of ${name} was ever queued. See peek tasks list.`);
}
