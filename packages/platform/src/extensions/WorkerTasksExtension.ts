import { AsyncLocalStorage } from "node:async_hooks";
import { availableParallelism } from "node:os";
import { PeekError } from "@peek/errors";
import { PluginScopes } from "@peek/kit";
import type { PluginInfo } from "@peek/loader";
import type { PluginDisposables, PluginTasks, PluginWorkerTasks, TaskHandler } from "@peek/plugin-base";
import type { TaskQueue, WorkerQueue } from "@peek/tasks";
import type { TaskWorker } from "@peek/tasks/worker";
import type { TasksStatus } from "../status/ServiceStatus.ts";
import type { Lazy } from "../tasks/Lazy.ts";
import type { ExtensionOptions, OpenContext, ServiceExtension } from "./ServiceExtension.ts";
import type { TaskConnection, TaskSources } from "./TaskConnection.ts";

interface Opened {
  readonly connection: TaskConnection;
  readonly worker: TaskWorker;
}

/** On workers, `platform.tasks` of plugins that require storage: handling tasks, and what logic has. */
export class WorkerTasksExtension implements ServiceExtension<{ readonly tasks: PluginWorkerTasks }> {
  readonly #options: ExtensionOptions;
  readonly #sources: TaskSources;
  #connecting: Promise<void> | undefined;
  #opened: Opened | undefined;

  constructor(options: ExtensionOptions, sources: TaskSources) {
    this.#options = options;
    this.#sources = sources;
  }

  appliesTo(plugin: PluginInfo): boolean {
    return this.#sources.storage.appliesTo(plugin);
  }

  /** Once the connection to the other services is open. */
  async open({ plugins }: OpenContext): Promise<void> {
    if (plugins.some((plugin) => this.appliesTo(plugin))) await this.migrate();
  }

  /** Connects with the first plugin that may have tasks, which need not have been enabled at the start. */
  async migrate(): Promise<void> {
    await (this.#connecting ??= this.#connect());
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): { readonly tasks: PluginWorkerTasks } {
    if (this.#opened === undefined) throw new PeekError("INTERNAL", "Tasks were used before they were opened.");
    const { connection, worker } = this.#opened;
    const tasks = connection.caller.forPlugin(name, disposables);
    const scopes = new PluginScopes(name, disposables);
    const handle = async (handler: TaskHandler): Promise<AsyncDisposable> => {
      const scope = scopes.current();
      checkOwner(name, handler);
      const runInContext = AsyncLocalStorage.snapshot();
      const handled = await worker.handle({
        ...handler,
        run: (input, context) => runInContext(() => handler.run(input, context)),
      });
      const release = async (): Promise<void> => await handled[Symbol.asyncDispose]();
      try {
        return { [Symbol.asyncDispose]: scope.stack(`the task ${handler.task.name}`, release) };
      } catch (error) {
        // The plugin was stopped meanwhile: its stack does not release the handler any more.
        await release();
        throw error;
      }
    };
    return { tasks: { ...bound(tasks), handle } };
  }

  /** undefined where no plugin can have tasks. */
  status(): TasksStatus | undefined {
    return this.#opened && { worker: this.#opened.worker.status() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connecting;
    await this.#opened?.connection[Symbol.asyncDispose]();
  }

  async #connect(): Promise<void> {
    const { TaskConnection } = await import("./TaskConnection.ts");
    const connection = await TaskConnection.open(this.#options, this.#sources);
    const { TaskWorker } = await import("@peek/tasks/worker");
    const { config, getLogger } = this.#options;
    const { signals, caller } = connection;
    const worker = connection.use(
      new TaskWorker({
        queue: workerQueue(connection.queue),
        signals,
        threads: config.tasks.threads ?? availableParallelism(),
        lightConcurrency: config.tasks.lightConcurrency,
        stopMs: config.plugin.deadlines.stopSeconds * 1000,
        logger: getLogger("peek_tasks.TaskWorker"),
        storageOf: (plugin) => this.#sources.storage.taskStorage(plugin),
      }),
    );
    signals.listen({
      onUpdates: (updates) => caller.receive(updates),
      worker: { wake: (queue) => worker.wake(queue), cancelled: (id) => worker.cancelled(id) },
    });
    this.#opened = { connection, worker };
  }
}

/** A worker registers handlers, and retries by itself, also while the database is away: the queue is opened when it is needed. */
function workerQueue(queue: Lazy<TaskQueue>): WorkerQueue {
  return {
    fetch: async (...values) => (await queue.get()).fetch(...values),
    due: async (...values) => (await queue.get()).due(...values),
    settle: async (...values) => (await queue.get()).settle(...values),
    touch: async (...values) => (await queue.get()).touch(...values),
  };
}

/** The methods as properties: a spread copies none from a class's prototype. */
function bound(tasks: PluginTasks): PluginTasks {
  return {
    run: (...values) => tasks.run(...values),
    enqueue: (...values) => tasks.enqueue(...values),
    enqueueAll: (...values) => tasks.enqueueAll(...values),
    wait: (...values) => tasks.wait(...values),
    find: (...values) => tasks.find(...values),
    cancel: (...values) => tasks.cancel(...values),
    schedule: (...values) => tasks.schedule(...values),
    unschedule: (...values) => tasks.unschedule(...values),
  };
}

function checkOwner(plugin: string, { task }: TaskHandler): void {
  if (task.plugin === plugin && task.name.startsWith(`${plugin}.`)) return;
  throw new PeekError(
    "CONTRACT_INVALID",
    `${plugin} cannot handle the task ${task.name}: the name has to begin with ${plugin}.`,
    { fields: { task: task.name } },
  );
}
