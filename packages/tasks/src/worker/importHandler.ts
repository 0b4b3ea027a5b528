import { describeValue, messageOf, PeekError } from "@peek/errors";
import type { TaskHandler } from "@peek/plugin-base";

/**
 * Imports the handler of a heavy task from its module, as a thread does.
 *
 * @throws PeekError `TASK_HANDLER_INVALID`
 */
export async function importHandler(url: string, task: string): Promise<TaskHandler> {
  let module: unknown;
  try {
    module = await import(url);
  } catch (cause) {
    throw invalid(task, `its module ${url} cannot be imported: ${messageOf(cause)}`, cause);
  }
  const handler: unknown =
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (!isHandler(handler)) {
    throw invalid(
      task,
      `the default export of ${url} is ${describeValue(handler)}. Write \`export default defineTaskHandler(import.meta, …)\`.`,
    );
  }
  if (handler.task.name === task) return handler;
  throw invalid(
    task,
    `the default export of ${url} is the handler of ${handler.task.name}. Give each heavy task a module of its own.`,
  );
}

function isHandler(value: unknown): value is TaskHandler {
  return (
    typeof value === "object" &&
    value !== null &&
    "run" in value &&
    typeof value.run === "function" &&
    "task" in value &&
    typeof value.task === "object" &&
    value.task !== null &&
    "name" in value.task &&
    "input" in value.task
  );
}

function invalid(task: string, problem: string, cause?: unknown): PeekError {
  return new PeekError("TASK_HANDLER_INVALID", `The heavy task ${task} cannot be handled: ${problem}`, {
    cause,
    fields: { task },
  });
}
