import { PeekError } from "@peek/errors";
import { type ChosenTasks, chosenTasks, withChosen } from "./chosenTasks.ts";
import { withTaskQueue } from "./withTaskQueue.ts";

/**
 * `peek tasks drop`
 *
 * @param waiting With a type: delete the waiting tasks instead of the dead letters.
 * @throws PeekError `USAGE` when some of them do not exist, or are running.
 */
export async function dropTasks(chosen: ChosenTasks, waiting: boolean): Promise<void> {
  const choice = chosenTasks(chosen);
  if (waiting && "ids" in choice) throw new PeekError("USAGE", "--waiting is only allowed with --all.");
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
