import { PeekError } from "@peek/errors";
import { type ChosenTasks, chosenTasks, withChosen } from "./chosenTasks.ts";
import { withTaskQueue } from "./withTaskQueue.ts";

/**
 * `peek tasks drop`
 *
 * @param waiting Of a type: those that wait, in place of the dead letters.
 * @throws PeekError `USAGE` when some of them are not there, or running.
 */
export async function dropTasks(chosen: ChosenTasks, waiting: boolean): Promise<void> {
  const choice = chosenTasks(chosen);
  if (waiting && "ids" in choice) throw new PeekError("USAGE", "--waiting goes with --all only.");
  const state = waiting ? "waiting" : "failed";
  await withTaskQueue("peek tasks drop", async ({ queue }) => {
    await withChosen(queue, choice, {
      run: (tasks) => tasks.drop("ids" in choice ? choice : { ...choice, state }),
      did: "deleted",
      which: waiting ? "waiting task" : "dead letter",
      isFor: (each) => each !== "running",
      exception: "it has changed meanwhile",
    });
  });
}
