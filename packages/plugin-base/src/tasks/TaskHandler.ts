import type { PluginStorage } from "../storage/index.ts";
import type { AnyTaskType, TaskType } from "../contracts/TaskType.ts";

/** The context of a task for its handler. */
export interface TaskContext {
  /** The task's id. */
  readonly id: string;
  /** The number of this attempt, from 1, including attempts that were lost with their worker, and those before `peek tasks retry`. */
  readonly attempt: number;
  /** Fires when the output is not needed any more: the task was cancelled, exceeds its deadline, or the worker stops. */
  readonly signal: AbortSignal;
  /**
   * Reports progress to callers that wait for the task: any value of at most 10 kB when encoded. Reports beyond ten a second are
   * skipped, except the last one.
   *
   * @throws PeekError `DATA_UNENCODABLE`
   */
  readonly progress: (value: unknown) => void;
  /**
   * The plugin's storage, with its role and its schema. A heavy task has one connection in its thread: queries outside of an open transaction wait for its end. The connection is
   * opened on first use, counts as one of the plugin's, and is closed when the task ends: uncommitted changes are rolled back, also
   * when the thread is ended. A light task uses the connections of its plugin.
   *
   * ```ts
   * const { db } = await context.storage<Tables>();
   * ```
   *
   * @throws PeekError `STORAGE_BUSY` when all connections that the server allows are in use for too long.
   */
  readonly storage: <Tables extends object>() => Promise<PluginStorage<Tables>>;
}

/** Runs the tasks of a type. */
export type TaskFunction<Input, OutputGiven> = (
  input: Input,
  context: TaskContext,
) => OutputGiven | PromiseLike<OutputGiven>;

/** The handler of a type of tasks, with its module for threads. Made by {@link defineTaskHandler}. */
export interface TaskHandler {
  readonly task: AnyTaskType;
  /** The URL of the module whose default export this is. */
  readonly url: string;
  readonly run: TaskFunction<unknown, unknown>;
}

/**
 * Defines the handler of a type of tasks. It has to be the default export of its module: for a heavy task, a thread imports the
 * module again, so that the module should import only what the work needs.
 *
 * ```ts
 * export default defineTaskHandler(import.meta, PickRandomNumber, (number) => -number);
 * ```
 *
 * If a `light` task needs something from its plugin, the entry hook passes it to a function that makes the handler; that module has
 * no default export then.
 *
 * @param meta The module's `import.meta`.
 */
export function defineTaskHandler<Input, Output, InputGiven, OutputGiven>(
  meta: { readonly url: string },
  task: TaskType<Input, Output, InputGiven, OutputGiven>,
  run: TaskFunction<Input, NoInfer<OutputGiven>>,
): TaskHandler {
  // It is only called with the checked input.
  return Object.freeze({ task, url: meta.url, run: run as TaskFunction<unknown, unknown> });
}
