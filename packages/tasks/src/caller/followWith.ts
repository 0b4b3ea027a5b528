import { AsyncLocalStorage } from "node:async_hooks";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { OnProgress } from "./Wait.ts";

/**
 * What a plugin follows a task with, as something that does not throw. It is run as if the plugin had called it itself: otherwise it
 * would run in the context in which the news arrives.
 */
export function followWith(onProgress: (value: unknown) => unknown, task: string, logger: Logger): OnProgress {
  const run = AsyncLocalStorage.snapshot();
  const tell = (error: unknown): void => {
    logger.warning("The onProgress of a task %s threw an error: %s", task, messageOf(error));
  };
  return (value) => {
    try {
      // A plugin may have given an async function.
      Promise.resolve(run(onProgress, value)).catch(tell);
    } catch (error) {
      tell(error);
    }
  };
}
