import type { PluginStorage } from "../storage/index.ts";
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
  /**
   * The plugin's storage, with its role and its schema. A heavy task has one connection of its own, in its thread: of queries outside
   * of a transaction that is under way, each waits for that to end. It is made when it is first needed, counts as one of the
   * plugin's, and is closed when the task ends: what it has not committed is rolled back, also when the thread is ended. A light task
   * has what its plugin has.
   *
   * ```ts
   * const { db } = await context.storage<Tables>();
   * ```
   *
   * @throws PeekError `STORAGE_BUSY` when all connections that the server allows are in use for too long.
   */
  readonly storage: <Tables extends object>() => Promise<PluginStorage<Tables>>;
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
