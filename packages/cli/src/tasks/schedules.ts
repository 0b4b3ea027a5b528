import { PeekError } from "@peek/errors";
import type { ScheduleState, TaskQueue } from "@peek/tasks";
import { printJson } from "../output.ts";
import { printFitted } from "./printFitted.ts";
import { withTaskQueue } from "./withTaskQueue.ts";

/** A change of a schedule. */
export type ScheduleChange = "pause" | "resume" | "end";

const results = {
  pause: "is paused: it queues nothing until it is resumed, also when its plugin starts again",
  resume: "continues from now on",
  end: "has ended. Its plugin may create it again at the next start; to prevent that, pause it instead",
} as const satisfies Record<ScheduleChange, string>;

/** `peek tasks schedules list` */
export async function listSchedules(json: boolean): Promise<void> {
  await withTaskQueue("peek tasks schedules", async ({ queue }) => {
    const states = (await queue?.scheduleStates()) ?? [];
    if (json) printJson(states.map(({ queue: { task, version }, ...state }) => ({ task, version, ...state })));
    else if (states.length === 0) console.log("There are no schedules.");
    else {
      printFitted([
        ["TASK", "SCHEDULE", "CRON", "ZONE", "LAST", "NEXT", "WAITING", "SKIPPED"],
        ...states.map(({ queue: { task }, name, cron, tz, last, next, paused, waiting, maxWaiting, leftOut }) => [
          task,
          name,
          cron,
          tz,
          last ?? "-",
          paused ? "paused" : (next ?? "-"),
          `${waiting} of ${maxWaiting}`,
          String(leftOut),
        ]),
      ]);
    }
  });
}

/**
 * `peek tasks schedules pause`, `resume` and `end`
 *
 * @param name The name of the schedule. Default: the only one of the task.
 * @throws PeekError `USAGE` when there is none, or more than one.
 */
export async function changeSchedule(task: string, name: string | undefined, change: ScheduleChange): Promise<void> {
  await withTaskQueue(`peek tasks schedules ${change}`, async ({ queue }) => {
    const states = (await queue?.scheduleStates()) ?? [];
    const chosen = choose(states, task, name);
    if (queue !== undefined) for (const state of chosen) await apply(queue, state, change);
    console.log(`The schedule ${chosen[0]?.name ?? ""} of ${task} ${results[change]}.`);
  });
}

/** The chosen schedule; several where versions of a task have schedules of the same name. */
function choose(states: readonly ScheduleState[], task: string, name: string | undefined): readonly ScheduleState[] {
  const ofTask = states.filter(({ queue }) => queue.task === task);
  const names = [...new Set(ofTask.map((state) => state.name))];
  if (ofTask.length === 0) {
    throw new PeekError("USAGE", `${task} has no schedule. See peek tasks schedules list.`);
  }
  if (name === undefined && names.length > 1) {
    throw new PeekError("USAGE", `${task} has several schedules: name one of ${names.join(", ")}.`);
  }
  const chosen = ofTask.filter((state) => name === undefined || state.name === name);
  if (chosen.length > 0) return chosen;
  throw new PeekError("USAGE", `${task} has no schedule ${name ?? ""}. It has ${names.join(", ")}.`);
}

async function apply(queue: TaskQueue, { queue: of, name }: ScheduleState, change: ScheduleChange): Promise<void> {
  if (change === "end") await queue.unschedule(of, name);
  else await queue.pauseSchedule(of, name, change === "pause");
}
