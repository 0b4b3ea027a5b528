import { describeValue, PeekError } from "@peek/errors";
import type { PluginScopes } from "@peek/kit";
import type {
  PluginTasks,
  TaskArguments,
  TaskEnqueueOptions,
  TaskQuery,
  TaskQueueOptions,
  TaskRecord,
  TaskRunOptions,
  TaskScheduleOptions,
  TaskWaitOptions,
} from "@peek/plugin-base";
import type { AnyTaskType, TaskType } from "@peek/plugin-base/contracts";
import { type QueueKind, type QueueName, queueOf } from "../queue/QueueName.ts";
import type { StoredTask, TaskRequest } from "../queue/TaskQueue.ts";
import { insertInTransaction } from "./insertInTransaction.ts";
import { schedule, unschedule } from "./scheduling.ts";
import { encodeInput, encodeInputs, recordOf } from "./taskData.ts";
import { isTaskId, type TaskIds } from "./TaskIds.ts";
import { checkCron, checkOptions, optionsInvalid, retryOf } from "./taskOptions.ts";
import { waitForTask, type WaitDependencies } from "./waitForTask.ts";
import { waitOutcomeOf } from "./WaiterRegistry.ts";

/** How many tasks find() returns at most. */
const maxFound = 100;

/** What {@link ScopedTasks} work with. */
export interface ScopedTasksDependencies extends WaitDependencies {
  readonly scopes: PluginScopes;
  readonly ids: TaskIds;
}

/** `platform.tasks` of one plugin: checks its calls, queues tasks and waits for them. */
export class ScopedTasks implements PluginTasks {
  readonly #dependencies: ScopedTasksDependencies;

  constructor(dependencies: ScopedTasksDependencies) {
    this.#dependencies = dependencies;
  }

  async run<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskRunOptions>
  ): Promise<Output> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskRunOptions] = rest;
    const { scopes, store, waiters } = this.#dependencies;
    const scope = scopes.current();
    this.#check(task);
    checkOptions(task, "run", options);
    const [request] = this.#requests(task, [encodeInput(task, input)], options);
    options.signal?.throwIfAborted();
    const { id } = request;
    const name = queueOf(task, kindOf(options));
    const begin = async (): Promise<undefined> => void (await store.insert(name, [request]));
    const cancel = async (): Promise<boolean> => {
      const isCancelled = await store.cancel(name, id);
      if (isCancelled) waiters.cancelled(id);
      return isCancelled;
    };
    return await waitForTask(this.#dependencies, { task, id, scope, options, begin, cancel });
  }

  async enqueue<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskEnqueueOptions>
  ): Promise<string> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskEnqueueOptions] = rest;
    this.#dependencies.scopes.current();
    this.#check(task);
    checkOptions(task, "enqueue", options);
    const [request] = this.#requests(task, [encodeInput(task, input)], options);
    const [id = request.id] = await this.#insert(queueOf(task, kindOf(options)), [request], options);
    return id;
  }

  async enqueueAll<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    inputs: readonly NoInfer<InputGiven>[],
    options: Omit<TaskEnqueueOptions, "singletonKey"> = {},
  ): Promise<readonly string[]> {
    this.#dependencies.scopes.current();
    this.#check(task);
    checkOptions(task, "enqueueAll", options);
    const [first, ...others] = encodeInputs(task, inputs);
    if (first === undefined) return [];
    const requests = this.#requests(task, [first, ...others], options);
    return await this.#insert(queueOf(task, kindOf(options)), requests, options);
  }

  async wait<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
    options: TaskWaitOptions = {},
  ): Promise<Output> {
    const { scopes, store, waiters } = this.#dependencies;
    const scope = scopes.current();
    this.#check(task);
    checkOptions(task, "wait", options);
    options.signal?.throwIfAborted();
    if (!isTaskId(id)) throw noTaskId(task, id);
    const begin = async () => {
      const stored = ofType(task, await store.read(id));
      if (stored?.origin?.instance !== store.signals.self.instance) waiters.pollOften(id);
      return waitOutcomeOf(stored);
    };
    return await waitForTask(this.#dependencies, { task, id, scope, options, begin });
  }

  async find<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    query: TaskQuery,
  ): Promise<readonly TaskRecord<Output>[]> {
    this.#dependencies.scopes.current();
    this.#check(task);
    return (await this.#stored(task, query)).map((stored) => recordOf(task, stored));
  }

  async cancel<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
  ): Promise<boolean> {
    const { scopes, store, waiters } = this.#dependencies;
    scopes.current();
    this.#check(task);
    const stored = isTaskId(id) ? ofType(task, await store.read(id)) : undefined;
    if (stored === undefined || !(await store.cancel(stored.queue, id))) return false;
    waiters.cancelled(id);
    return true;
  }

  async schedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    cron: string,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskScheduleOptions>
  ): Promise<void> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskScheduleOptions] = rest;
    const { scopes, store } = this.#dependencies;
    scopes.current();
    this.#check(task);
    checkCron(task, cron);
    checkOptions(task, "schedule", options);
    const text = encodeInput(task, input);
    const { name, tz, maxWaiting, missed } = options;
    const policy = { ...(maxWaiting !== undefined && { maxWaiting }), ...(missed !== undefined && { missed }) };
    const request = requestOf(task, text, options);
    await schedule(await store.queue(), task, queueOf(task, kindOf(options)), { name, cron, tz, request, policy });
  }

  async unschedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    name?: string,
  ): Promise<boolean> {
    const { scopes, store } = this.#dependencies;
    scopes.current();
    this.#check(task);
    return await unschedule(await store.queue(), task, name);
  }

  #check(task: AnyTaskType): void {
    const { plugin } = this.#dependencies;
    // A plugin may be plain JavaScript.
    const { name, plugin: owner, input }: Partial<AnyTaskType> = task ?? {};
    if (typeof name === "string" && owner === plugin && name.startsWith(`${plugin}.`) && input !== undefined) return;
    const what = typeof name === "string" ? `the task ${describeValue(name)}` : `${describeValue(task)} as a task type`;
    throw new PeekError(
      "CONTRACT_INVALID",
      `${plugin} cannot use ${what}: a plugin can use only its own tasks, made by defineTask("${plugin}.<Name>", …). For tasks of another plugin, call an API that the other plugin publishes.`,
      { fields: { task: describeValue(name), plugin } },
    );
  }

  async #stored(task: AnyTaskType, query: TaskQuery): Promise<readonly StoredTask[]> {
    const { store } = this.#dependencies;
    if ("id" in query) {
      const stored = isTaskId(query.id) ? ofType(task, await store.read(query.id)) : undefined;
      return stored === undefined ? [] : [stored];
    }
    const [kind, key] = "key" in query ? (["keyed", query.key] as const) : (["single", query.singletonKey] as const);
    if (typeof key !== "string") {
      throw optionsInvalid(
        task,
        "find",
        'the query has to be { id }, { key } or { singletonKey }, such as { key: "pump 5" }',
      );
    }
    // PostgreSQL cannot store this character, so no task has such a key.
    if (key.includes("\0")) return [];
    return await (await store.queue()).readByKey(task.name, kind, key, maxFound);
  }

  #requests(
    task: AnyTaskType,
    inputs: readonly [string, ...string[]],
    options: TaskEnqueueOptions,
  ): readonly [TaskRequest, ...TaskRequest[]] {
    const { ids, store } = this.#dependencies;
    const origin = store.signals.self;
    const make = (input: string): TaskRequest => ({ ...requestOf(task, input, options), id: ids.next(), origin });
    const [first, ...others] = inputs;
    // The ids increase in this order.
    return [make(first), ...others.map(make)];
  }

  async #insert(
    name: QueueName,
    requests: readonly TaskRequest[],
    { transaction }: TaskEnqueueOptions,
  ): Promise<readonly string[]> {
    const { store } = this.#dependencies;
    if (transaction === undefined) return await store.insert(name, requests);
    return await insertInTransaction(store, name, requests, transaction);
  }
}

/** A request without its id and origin. */
function requestOf(
  task: AnyTaskType,
  input: string,
  { priority = 0, key, retry, startAfter, singletonKey = key }: TaskEnqueueOptions,
): Omit<TaskRequest, "id" | "origin"> {
  const at = startAfter instanceof Date ? startAfter.toISOString() : startAfter;
  return {
    input,
    priority,
    ...(singletonKey !== undefined && { key: singletonKey }),
    ...(at !== undefined && { startAfter: at }),
    retry: retryOf(task, retry),
    deadlineMs: task.deadlineMs,
  };
}

function noTaskId(task: AnyTaskType, id: unknown): PeekError {
  const value = describeValue(id);
  return new PeekError(
    "TASK_NOT_FOUND",
    `wait() for ${task.name} failed: ${value} is not the id of a task. Give the id that enqueue() returned.`,
    { fields: { task: task.name, id: value } },
  );
}

function kindOf({ key, singletonKey }: TaskEnqueueOptions & TaskQueueOptions): QueueKind {
  if (key !== undefined) return "keyed";
  return singletonKey === undefined ? "plain" : "single";
}

/** The task if it is of this type; undefined otherwise. */
function ofType({ name }: Pick<AnyTaskType, "name">, stored: StoredTask | undefined): StoredTask | undefined {
  return stored?.queue.task === name ? stored : undefined;
}
