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
    .addCommand(dropCommand())
    .addCommand(schedulesCommand());
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

function schedulesCommand(): Command {
  return new Command("schedules")
    .description("look at the schedules by which plugins have tasks queued again and again, and pause or end them")
    .addCommand(
      new Command("list")
        .description(
          "list the schedules, with their next times, and how many times were left out since their tasks wait",
        )
        .addOption(jsonOption())
        .action(async ({ json }: { readonly json: boolean }) => {
          const { listSchedules } = await import("../tasks/schedules.ts");
          await listSchedules(json);
        }),
    )
    .addCommand(scheduleCommand("pause", "have a schedule queue nothing until it is resumed, whatever its plugin does"))
    .addCommand(scheduleCommand("resume", "have a paused schedule go on, from now"))
    .addCommand(
      scheduleCommand("end", "delete a schedule; its plugin makes it again when it starts, if it asks for it"),
    );
}

function scheduleCommand(change: "pause" | "resume" | "end", description: string): Command {
  return new Command(change)
    .description(description)
    .argument("<type>", "the type of its tasks, such as peek_plugin_tutorial.PickRandomNumber")
    .argument("[name]", "which of its schedules, as in the list; default: the only one")
    .action(async (task: string, name: string | undefined) => {
      const { changeSchedule } = await import("../tasks/schedules.ts");
      await changeSchedule(task, name, change);
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
