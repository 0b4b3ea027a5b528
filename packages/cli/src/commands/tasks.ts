import { Command, InvalidArgumentError, Option } from "commander";
import { jsonOption } from "../arguments.ts";
import { parseTaskId } from "../tasks/parseTaskId.ts";
import { type TaskState, taskStates } from "../tasks/taskStates.ts";

/** `peek tasks`: what is in the queues, and what has failed. */
export function tasksCommand(): Command {
  return new Command("tasks")
    .description("look at the tasks in the queues, and deal with those that have failed for good, the dead letters")
    .addCommand(listCommand())
    .addCommand(retryCommand())
    .addCommand(dropCommand());
}

interface ListOptions {
  readonly state?: TaskState;
  readonly limit: number;
  readonly json: boolean;
}

function listCommand(): Command {
  return new Command("list")
    .description(
      "count the tasks of each type, and list the dead letters; with a type of tasks or a state, list those tasks, the newest first",
    )
    .argument(
      "[name]",
      "only tasks of this type, such as peek_plugin_tutorial.PickRandomNumber, or of this plugin; default: of all",
    )
    .addOption(new Option("--state <state>", "list the tasks in this state").choices([...taskStates]))
    .addOption(new Option("--limit <count>", "list so many at most, up to 10,000").default(100).argParser(parseLimit))
    .addOption(jsonOption())
    .action(async (name: string | undefined, { json, ...filter }: ListOptions) => {
      const { listTasks } = await import("../tasks/listTasks.ts");
      await listTasks({ ...filter, ...(name !== undefined && { name }) }, json);
    });
}

function retryCommand(): Command {
  return new Command("retry")
    .description("queue dead letters and cancelled tasks again, with all their tries; workers find them within seconds")
    .argument("[id...]", "their ids, as in peek tasks list", collectId)
    .option("--all <type>", "all of this type, such as peek_plugin_tutorial.PickRandomNumber")
    .action(async (ids: readonly string[], { all }: { readonly all?: string }) => {
      const { retryTasks } = await import("../tasks/retryTasks.ts");
      await retryTasks({ ids, all });
    });
}

function dropCommand(): Command {
  return new Command("drop")
    .description("delete tasks that are not running: they are not done any more, and cannot be brought back")
    .argument("[id...]", "their ids, as in peek tasks list", collectId)
    .option("--all <type>", "all dead letters of this type, such as peek_plugin_tutorial.PickRandomNumber")
    .option("--waiting", "with --all: those that wait, in place of the dead letters", false)
    .action(async (ids: readonly string[], { all, waiting }: { readonly all?: string; readonly waiting: boolean }) => {
      const { dropTasks } = await import("../tasks/dropTasks.ts");
      await dropTasks({ ids, all }, waiting);
    });
}

function collectId(text: string, before: readonly string[] = []): readonly string[] {
  const id = parseTaskId(text);
  if (id === undefined) throw new InvalidArgumentError("It is the id of a task, as in peek tasks list.");
  return before.includes(id) ? before : [...before, id];
}

function parseLimit(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 10_000) return count;
  throw new InvalidArgumentError("It is a whole number from 1 to 10000.");
}
