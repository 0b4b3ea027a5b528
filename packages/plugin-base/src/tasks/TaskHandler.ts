import type { AnyTaskType, TaskType } from "../contracts/TaskType.ts";

/** What a handler knows of the task that it does. */
export interface TaskContext {
  /** The task's id. */
  readonly id: string;
  /** Which try it is, from 1; one that was lost with its worker, and those before `peek tasks retry`, count here too. */
  readonly attempt: number;
  /** Fires when nobody wants the output any more: it was cancelled, takes too long, or the worker stops. */
  readonly signal: AbortSignal;
  /**
   * Tells whoever follows the task how far it is: text or numbers, encoded at most 10 kB. What is told faster than ten times a
   * second is left out, but for the last.
   *
   * @throws PeekError `DATA_UNENCODABLE`
   */
  readonly progress: (value: unknown) => void;
}

/** What does the tasks of a type. */
export type TaskFunction<Input, OutputGiven> = (
  input: Input,
  context: TaskContext,
) => OutputGiven | PromiseLike<OutputGiven>;

/** A type of tasks with what does it, and the module that a thread finds it in. Made by {@link defineTaskHandler}. */
export interface TaskHandler {
  readonly task: AnyTaskType;
  /** Of the module whose default export this is. */
  readonly url: string;
  readonly run: TaskFunction<unknown, unknown>;
}

/**
 * Says what does the tasks of a type. It has to be the default export of its module: for a heavy task, a thread imports the module
 * again, so that the module should import no more than the work needs.
 *
 * ```ts
 * export default defineTaskHandler(import.meta, PickRandomNumber, (number) => -number);
 * ```
 *
 * What a `light` task needs of its plugin, the entry hook hands to a function that makes the handler; that module has no default
 * export then.
 *
 * @param meta The module's `import.meta`.
 */
export function defineTaskHandler<Input, Output, InputGiven, OutputGiven>(
  meta: { readonly url: string },
  task: TaskType<Input, Output, InputGiven, OutputGiven>,
  run: TaskFunction<Input, NoInfer<OutputGiven>>,
): TaskHandler {
  // It is only ever given what the schema of the input made.
  return Object.freeze({ task, url: meta.url, run: run as TaskFunction<unknown, unknown> });
}
