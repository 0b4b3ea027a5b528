import { type ChosenTasks, chosenTasks, withChosen } from "./chosenTasks.ts";
import { withTaskQueue } from "./withTaskQueue.ts";

/**
 * `peek tasks retry`
 *
 * @throws PeekError `USAGE` when some of them are neither dead letters nor cancelled.
 */
export async function retryTasks(chosen: ChosenTasks): Promise<void> {
  const choice = chosenTasks(chosen);
  await withTaskQueue("peek tasks retry", async ({ queue }) => {
    await withChosen(queue, choice, {
      run: (tasks) => tasks.retry(choice),
      did: "queued again",
      which: "dead letter or cancelled task",
      isFor: (state) => state === "failed" || state === "cancelled",
      exception: "another with its key waits or runs",
    });
  });
}
