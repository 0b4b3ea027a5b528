import { describeValue, PeekError } from "@peek/errors";
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
import { insertWithin } from "./insertWithin.ts";
import type { PluginPhases } from "./PluginPhases.ts";
import { schedule, unschedule } from "./scheduling.ts";
import { encodeInput, encodeInputs, recordOf } from "./taskData.ts";
import { isTaskId, type TaskIds } from "./TaskIds.ts";
import { checkCron, checkOptions, optionsInvalid, retryOf } from "./taskOptions.ts";
import { waitFor, type WaitingParts } from "./Waiting.ts";
import { outcomeOf } from "./Waits.ts";

/** How many tasks are found at most. */
const mostFound = 100;

/** What {@link ScopedTasks} are made of. */
export interface ScopedTasksParts extends WaitingParts {
  readonly phases: PluginPhases;
  readonly ids: TaskIds;
}

/** The tasks of one plugin, for the part of it that queues them. */
export class ScopedTasks implements PluginTasks {
  readonly #parts: ScopedTasksParts;

  constructor(parts: ScopedTasksParts) {
    this.#parts = parts;
  }

  async run<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskRunOptions>
  ): Promise<Output> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskRunOptions] = rest;
    const { phases, desk, waits } = this.#parts;
    const phase = phases.current();
    this.#check(task);
    checkOptions(task, "run", options);
    const [request] = this.#requests(task, [encodeInput(task, input)], options);
    options.signal?.throwIfAborted();
    const { id } = request;
    const name = queueOf(task, kindOf(options));
    const begin = async (): Promise<undefined> => void (await desk.insert(name, [request]));
    const takeBack = async (): Promise<boolean> => {
      const isCancelled = await desk.cancel(name, id);
      if (isCancelled) waits.cancelled(id);
      return isCancelled;
    };
    return await waitFor(this.#parts, { task, id, phase, options, begin, takeBack });
  }

  async enqueue<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskEnqueueOptions>
  ): Promise<string> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskEnqueueOptions] = rest;
    this.#parts.phases.current();
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
    this.#parts.phases.current();
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
    const { phases, desk, waits } = this.#parts;
    const phase = phases.current();
    this.#check(task);
    checkOptions(task, "wait", options);
    options.signal?.throwIfAborted();
    if (!isTaskId(id)) throw noTaskId(task, id);
    const begin = async () => {
      const stored = only(task, await desk.read(id));
      if (stored?.origin?.instance !== desk.signals.self.instance) waits.unheard(id);
      return outcomeOf(stored);
    };
    return await waitFor(this.#parts, { task, id, phase, options, begin });
  }

  async find<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    query: TaskQuery,
  ): Promise<readonly TaskRecord<Output>[]> {
    this.#parts.phases.current();
    this.#check(task);
    return (await this.#stored(task, query)).map((stored) => recordOf(task, stored));
  }

  async cancel<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    id: string,
  ): Promise<boolean> {
    const { phases, desk, waits } = this.#parts;
    phases.current();
    this.#check(task);
    const stored = isTaskId(id) ? only(task, await desk.read(id)) : undefined;
    if (stored === undefined || !(await desk.cancel(stored.queue, id))) return false;
    waits.cancelled(id);
    return true;
  }

  async schedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    cron: string,
    ...rest: TaskArguments<NoInfer<InputGiven>, TaskScheduleOptions>
  ): Promise<void> {
    const [input, options = {}]: readonly [input?: unknown, options?: TaskScheduleOptions] = rest;
    const { phases, desk } = this.#parts;
    phases.current();
    this.#check(task);
    checkCron(task, cron);
    checkOptions(task, "schedule", options);
    const text = encodeInput(task, input);
    const { name, tz, maxWaiting, missed } = options;
    const policy = { ...(maxWaiting !== undefined && { maxWaiting }), ...(missed !== undefined && { missed }) };
    const request = requestOf(task, text, options);
    await schedule(await desk.queue(), task, queueOf(task, kindOf(options)), { name, cron, tz, request, policy });
  }

  async unschedule<Input, Output, InputGiven, OutputGiven>(
    task: TaskType<Input, Output, InputGiven, OutputGiven>,
    name?: string,
  ): Promise<boolean> {
    const { phases, desk } = this.#parts;
    phases.current();
    this.#check(task);
    return await unschedule(await desk.queue(), task, name);
  }

  #check(task: AnyTaskType): void {
    const { plugin } = this.#parts;
    // A plugin without types may hand in anything.
    const { name, plugin: owner, input }: Partial<AnyTaskType> = task ?? {};
    if (typeof name === "string" && owner === plugin && name.startsWith(`${plugin}.`) && input !== undefined) return;
    const what = typeof name === "string" ? `the task ${describeValue(name)}` : `${describeValue(task)} as a task`;
    throw new PeekError(
      "CONTRACT_INVALID",
      `${plugin} cannot use ${what}: the tasks of a plugin are its own. Give what defineTask("${plugin}.<Name>", …) has made; have other plugins' tasks queued by their plugin, which may publish a function for it.`,
      { fields: { task: describeValue(name), plugin } },
    );
  }

  async #stored(task: AnyTaskType, query: TaskQuery): Promise<readonly StoredTask[]> {
    const { desk } = this.#parts;
    if ("id" in query) {
      const stored = isTaskId(query.id) ? only(task, await desk.read(query.id)) : undefined;
      return stored === undefined ? [] : [stored];
    }
    const [kind, key] = "key" in query ? (["keyed", query.key] as const) : (["single", query.singletonKey] as const);
    if (typeof key !== "string") {
      throw optionsInvalid(task, "find", 'it looks for { id }, { key } or { singletonKey }, such as { key: "pump 5" }');
    }
    // The database has no texts with this character.
    if (key.includes("\0")) return [];
    return await (await desk.queue()).readByKey(task.name, kind, key, mostFound);
  }

  #requests(
    task: AnyTaskType,
    inputs: readonly [string, ...string[]],
    options: TaskEnqueueOptions,
  ): readonly [TaskRequest, ...TaskRequest[]] {
    const { ids, desk } = this.#parts;
    const origin = desk.signals.self;
    const make = (input: string): TaskRequest => ({ ...requestOf(task, input, options), id: ids.next(), origin });
    const [first, ...others] = inputs;
    // The ids rise in this order.
    return [make(first), ...others.map(make)];
  }

  async #insert(
    name: QueueName,
    requests: readonly TaskRequest[],
    { transaction }: TaskEnqueueOptions,
  ): Promise<readonly string[]> {
    const { desk } = this.#parts;
    if (transaction === undefined) return await desk.insert(name, requests);
    return await insertWithin(desk, name, requests, transaction);
  }
}

/** All of a task but who it is, and who is told of it. */
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
  const what = describeValue(id);
  return new PeekError(
    "TASK_NOT_FOUND",
    `${task.name} cannot be waited for: ${what} is no id of a task. Give what enqueue() has returned.`,
    { fields: { task: task.name, id: what } },
  );
}

function kindOf({ key, singletonKey }: TaskEnqueueOptions & TaskQueueOptions): QueueKind {
  if (key !== undefined) return "keyed";
  return singletonKey === undefined ? "plain" : "single";
}

/** A task, when it is one of this type. */
function only({ name }: Pick<AnyTaskType, "name">, stored: StoredTask | undefined): StoredTask | undefined {
  return stored?.queue.task === name ? stored : undefined;
}
