import { AsyncLocalStorage } from "node:async_hooks";
import { availableParallelism } from "node:os";
import type { ServiceConfig } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { PlatformExtension, PluginInfo } from "@peek/loader";
import type {
  Logger,
  PluginDisposables,
  PluginTasks,
  PluginVortex,
  PluginWorkerTasks,
  TaskHandler,
} from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { TaskCaller, TaskDepth, TaskQueue } from "@peek/tasks";
import type { TaskWorker } from "@peek/tasks/worker";
import { BusTaskSignals } from "./BusTaskSignals.ts";
import { LazyTaskQueue } from "./LazyTaskQueue.ts";
import type { ServiceDefinition } from "./ServiceDefinition.ts";
import type { TasksStatus } from "./ServiceStatus.ts";
import type { StorageExtension } from "./StorageExtension.ts";
import { TaskWatch } from "./TaskWatch.ts";

/** What a {@link TasksExtension} works with. */
export interface TasksExtensionOptions {
  readonly definition: ServiceDefinition;
  readonly config: ServiceConfig;
  /** Where tasks are kept. */
  readonly storage: StorageExtension;
  readonly getLogger: (name: string) => Logger;
}

/** `platform.tasks`, on the services that have a database, for plugins whose plugin_package.json requires `storage`. */
export class TasksExtension implements PlatformExtension, AsyncDisposable {
  readonly #options: TasksExtensionOptions;
  readonly #logger: Logger;
  readonly #owned = new AsyncDisposableStack();
  readonly #cancel = new AbortController();
  #parts: Parts | undefined;
  #database: TaskDatabase | undefined;

  constructor(options: TasksExtensionOptions) {
    this.#options = options;
    this.#logger = options.getLogger("peek_tasks.Tasks");
  }

  appliesTo(plugin: PluginInfo): boolean {
    return this.#options.storage.appliesTo(plugin);
  }

  /**
   * Begins to hear of tasks. The database is not touched before a plugin queues or handles one.
   *
   * @param plugins Those that are to be loaded.
   * @param own What the platform itself has of Vortex.
   */
  async open(plugins: readonly PluginInfo[], own: PluginVortex): Promise<void> {
    if (!plugins.some((plugin) => this.appliesTo(plugin))) return;
    const { definition, config, getLogger } = this.#options;
    const { TaskCaller } = await import("@peek/tasks");
    const queue = this.#owned.use(new LazyTaskQueue(() => this.#openQueue()));
    const signals = this.#owned.use(new BusTaskSignals(own, this.#logger));
    const caller = this.#owned.use(
      new TaskCaller({ queue: () => queue.opened(), signals, logger: getLogger("peek_tasks.TaskCaller") }),
    );
    const onNews: TaskCaller["receive"] = (news) => caller.receive(news);
    if (definition.name !== "worker") {
      signals.listen({ onNews });
      const watch = this.#owned.use(new TaskWatch(queue, this.#logger));
      // Whoever has tasks done has a part on the workers.
      const isUsed = plugins.some(
        (plugin) => this.appliesTo(plugin) && plugin.manifest.requiresServices.includes("worker"),
      );
      this.#parts = { caller, watch, isUsed };
      return;
    }
    const { PluginScopes } = await import("@peek/kit");
    const { TaskWorker } = await import("@peek/tasks/worker");
    const worker = this.#owned.use(
      new TaskWorker({
        queue,
        signals,
        threads: config.tasks.threads ?? availableParallelism(),
        lightConcurrency: config.tasks.lightConcurrency,
        stopMs: config.plugin.deadlines.stopSeconds * 1000,
        logger: getLogger("peek_tasks.TaskWorker"),
        storageOf: (plugin) => this.#options.storage.taskStorage(plugin),
      }),
    );
    signals.listen({
      onNews,
      worker: { wake: (name) => worker.wake(name), cancelled: (id) => worker.cancelled(id) },
    });
    this.#parts = { caller, worker, PluginScopes, isUsed: false };
  }

  openScope({ name }: PluginInfo, disposables: () => PluginDisposables): Readonly<Record<string, unknown>> {
    if (this.#parts === undefined) throw new PeekError("INTERNAL", "Tasks were asked for before they were opened.");
    const { caller, worker, PluginScopes } = this.#parts;
    const tasks = caller.forPlugin(name, disposables);
    if (worker === undefined || PluginScopes === undefined) return { tasks };
    const scopes = new PluginScopes(name, disposables, () => undefined);
    const handle = async (handler: TaskHandler): Promise<AsyncDisposable> => {
      const scope = scopes.current();
      checkOwn(name, handler);
      const within = AsyncLocalStorage.snapshot();
      const handled = await worker.handle({
        ...handler,
        run: (input, context) => within(() => handler.run(input, context)),
      });
      const release = async (): Promise<void> => await handled[Symbol.asyncDispose]();
      try {
        return { [Symbol.asyncDispose]: scope.stack(`the task ${handler.task.name}`, release) };
      } catch (error) {
        // The plugin was stopped meanwhile: nobody else would end it.
        await release();
        throw error;
      }
    };
    return { tasks: { ...bound(tasks), handle } satisfies PluginWorkerTasks };
  }

  /** All plugins have had their turn to start: on logic, tasks that wait from before are supervised from now on. */
  begin(): void {
    if (this.#parts?.isUsed === true) this.#parts.watch?.begin();
  }

  /** undefined before anything is known. */
  status(): TasksStatus | undefined {
    const { watch, worker } = this.#parts ?? {};
    const queues: readonly TaskDepth[] | undefined = watch?.depths;
    if (worker === undefined && queues === undefined) return undefined;
    return { ...(queues !== undefined && { queues }), ...(worker !== undefined && { worker: worker.status() }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort();
    await using _database = this.#database;
    await this.#owned.disposeAsync();
  }

  async #openQueue(): Promise<TaskQueue> {
    const { definition, config, storage } = this.#options;
    const { PgBossTaskQueue } = await import("@peek/tasks");
    const database = (this.#database ??= storage.openTaskDatabase());
    if (database === undefined) throw new PeekError("INTERNAL", "Tasks were asked for before the storage was opened.");
    const { keepResultsHours, keepDeadLettersDays, lostAfterSeconds } = config.tasks;
    return await PgBossTaskQueue.open({
      database,
      role: definition.storage === "owner" ? "owner" : "user",
      keepResultsHours,
      keepDeadLettersDays,
      lostAfterSeconds,
      logger: this.#logger,
      signal: this.#cancel.signal,
    });
  }
}

interface Parts {
  readonly caller: TaskCaller;
  /** On logic. */
  readonly watch?: TaskWatch;
  /** On a worker. */
  readonly worker?: TaskWorker;
  readonly PluginScopes?: typeof import("@peek/kit").PluginScopes;
  /** Whether there may be tasks that nobody of this process has queued. */
  readonly isUsed: boolean;
}

/** What a class has by its prototype is not copied by spreading. */
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

function checkOwn(plugin: string, { task }: TaskHandler): void {
  if (task.plugin === plugin && task.name.startsWith(`${plugin}.`)) return;
  throw new PeekError(
    "CONTRACT_INVALID",
    `The task ${task.name} cannot be handled by ${plugin}: its name has to begin with ${plugin}.`,
    { fields: { task: task.name } },
  );
}
