import { Command, InvalidArgumentError, Option } from "commander";
import { jsonOption } from "../arguments.ts";
import { parseTaskId } from "../tasks/parseTaskId.ts";
import { type TaskState, taskStates } from "../tasks/taskStates.ts";

/** `peek tasks`: the tasks in the queues, the dead letters, and the schedules. */
export function tasksCommand(): Command {
  return new Command("tasks")
    .description("list the tasks in the queues, and retry or delete dead letters: tasks that have failed for good")
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
      "count the tasks of each type, and list the dead letters; with a type or a state, list these tasks, the newest first",
    )
    .argument(
      "[name]",
      "only tasks of this type, such as peek_plugin_tutorial.PickRandomNumber, or of this plugin; default: all tasks",
    )
    .addOption(new Option("--state <state>", "only tasks in this state").choices([...taskStates]))
    .addOption(
      new Option("--limit <count>", "list at most this number of tasks, up to 10,000")
        .default(100)
        .argParser(parseLimit),
    )
    .addOption(jsonOption())
    .action(async (name: string | undefined, { json, ...filter }: ListOptions) => {
      const { listTasks } = await import("../tasks/listTasks.ts");
      await listTasks({ ...filter, ...(name !== undefined && { name }) }, json);
    });
}

function retryCommand(): Command {
  return new Command("retry")
    .description(
      "queue dead letters and cancelled tasks again, with all their attempts; workers find them within seconds",
    )
    .argument("[id...]", "the ids of tasks, as in peek tasks list", collectId)
    .option("--all <type>", "all tasks of this type, such as peek_plugin_tutorial.PickRandomNumber")
    .action(async (ids: readonly string[], { all }: { readonly all?: string }) => {
      const { retryTasks } = await import("../tasks/retryTasks.ts");
      await retryTasks({ ids, all });
    });
}

function dropCommand(): Command {
  return new Command("drop")
    .description("delete tasks that are not running; deleted tasks cannot be restored")
    .argument("[id...]", "the ids of tasks, as in peek tasks list", collectId)
    .option("--all <type>", "all dead letters of this type, such as peek_plugin_tutorial.PickRandomNumber")
    .option("--waiting", "with --all: delete the waiting tasks instead of the dead letters", false)
    .action(async (ids: readonly string[], { all, waiting }: { readonly all?: string; readonly waiting: boolean }) => {
      const { dropTasks } = await import("../tasks/dropTasks.ts");
      await dropTasks({ ids, all }, waiting);
    });
}

function schedulesCommand(): Command {
  return new Command("schedules")
    .description("list, pause, resume and end the schedules by which tasks are queued repeatedly")
    .addCommand(
      new Command("list")
        .description(
          "list the schedules, with their next times and the number of times that were skipped because their tasks still wait",
        )
        .addOption(jsonOption())
        .action(async ({ json }: { readonly json: boolean }) => {
          const { listSchedules } = await import("../tasks/schedules.ts");
          await listSchedules(json);
        }),
    )
    .addCommand(
      scheduleCommand(
        "pause",
        "stop a schedule from queueing tasks until it is resumed, even if its plugin starts again",
      ),
    )
    .addCommand(scheduleCommand("resume", "continue a paused schedule from now on"))
    .addCommand(scheduleCommand("end", "delete a schedule; its plugin may create it again at the next start"));
}

function scheduleCommand(change: "pause" | "resume" | "end", description: string): Command {
  return new Command(change)
    .description(description)
    .argument("<type>", "the type of the tasks, such as peek_plugin_tutorial.PickRandomNumber")
    .argument("[name]", "the name of the schedule, as in the list; default: the only one")
    .action(async (task: string, name: string | undefined) => {
      const { changeSchedule } = await import("../tasks/schedules.ts");
      await changeSchedule(task, name, change);
    });
}

function collectId(text: string, before: readonly string[] = []): readonly string[] {
  const id = parseTaskId(text);
  if (id === undefined) throw new InvalidArgumentError("Expected the id of a task, as in peek tasks list.");
  return before.includes(id) ? before : [...before, id];
}

function parseLimit(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 10_000) return count;
  throw new InvalidArgumentError("Expected a whole number from 1 to 10000.");
}
