import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";
import type { TaskCaller, TaskQueue } from "@peek/tasks";
import { BusTaskSignals } from "../tasks/BusTaskSignals.ts";
import { Lazy } from "../tasks/Lazy.ts";
import type { ExtensionOptions } from "./ServiceExtension.ts";
import type { StorageExtension } from "./StorageExtension.ts";
import type { VortexExtension } from "./VortexExtension.ts";

/** The extensions that tasks need. */
export interface TaskSources {
  readonly vortex: Pick<VortexExtension, "own">;
  /** Where tasks are kept. */
  readonly storage: StorageExtension;
}

/** The parts of tasks that logic and the workers share: the queue in the database, the signals, and the caller. */
export class TaskConnection implements AsyncDisposable {
  /** Opened on first use: the database is not used before a plugin queues or handles a task. */
  readonly queue: Lazy<TaskQueue>;
  readonly signals: BusTaskSignals;
  readonly caller: TaskCaller;
  readonly logger: Logger;
  readonly #options: ExtensionOptions;
  readonly #storage: StorageExtension;
  readonly #owned = new AsyncDisposableStack();
  readonly #cancel = new AbortController();
  #database: TaskDatabase | undefined;

  private constructor(options: ExtensionOptions, { vortex, storage }: TaskSources, Caller: typeof TaskCaller) {
    this.#options = options;
    this.#storage = storage;
    this.logger = options.getLogger("peek_tasks.Tasks");
    this.queue = this.#owned.use(new Lazy(() => this.#openQueue()));
    this.signals = this.#owned.use(new BusTaskSignals(vortex.own, this.logger));
    const logger = options.getLogger("peek_tasks.TaskCaller");
    this.caller = this.#owned.use(new Caller({ queue: () => this.queue.get(), signals: this.signals, logger }));
  }

  static async open(options: ExtensionOptions, sources: TaskSources): Promise<TaskConnection> {
    const { TaskCaller } = await import("@peek/tasks");
    return new TaskConnection(options, sources, TaskCaller);
  }

  /** Passes ownership of a resource, which is disposed before the queue. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource {
    return this.#owned.use(resource);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel.abort();
    await using _database = this.#database;
    await this.#owned.disposeAsync();
  }

  async #openQueue(): Promise<TaskQueue> {
    const { PgBossTaskQueue } = await import("@peek/tasks");
    const database = (this.#database ??= this.#storage.openTaskDatabase());
    if (database === undefined) throw new PeekError("INTERNAL", "Tasks were used before the storage was opened.");
    const { keepResultsHours, keepDeadLettersDays, lostAfterSeconds } = this.#options.config.tasks;
    return await PgBossTaskQueue.open({
      database,
      role: this.#storage.role,
      keepResultsHours,
      keepDeadLettersDays,
      lostAfterSeconds,
      logger: this.logger,
      signal: this.#cancel.signal,
    });
  }
}
