import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ProgressListener } from "./TaskWaiter.ts";

/**
 * Makes a plugin's `onProgress` a listener that never throws: errors are logged. It runs in the async context of the plugin's call,
 * not in the context in which the signal arrives.
 */
export function progressListener(
  onProgress: (value: unknown) => unknown,
  task: string,
  logger: Logger,
): ProgressListener {
  const run = AsyncLocalStorage.snapshot();
  const report = (error: unknown): void => {
    logger.warning("onProgress() of the task %s threw an error: %s", task, messageOf(error));
  };
  return (value) => {
    try {
      // The plugin's function may be async.
      Promise.resolve(run(onProgress, value)).catch(report);
    } catch (error) {
      report(error);
    }
  };
}
