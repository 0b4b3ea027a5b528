import { PluginScopes } from "@peek/kit";
import type { Logger, PluginDisposables, PluginTasks } from "@peek/plugin-base";
import type { TaskQueue } from "../queue/TaskQueue.ts";
import { ScopedTasks } from "./ScopedTasks.ts";
import { TaskStore } from "./TaskStore.ts";
import { TaskIds } from "./TaskIds.ts";
import type { TaskUpdate, TaskSignals } from "./TaskSignals.ts";
import { WaiterRegistry } from "./WaiterRegistry.ts";

export interface TaskCallerOptions {
  /** Opens the queue on first use. The caller of this function keeps ownership. */
  readonly queue: () => Promise<TaskQueue>;
  readonly signals: TaskSignals;
  readonly logger: Logger;
  /** How long a task has no update before it is read from the database. Default: 3,000. */
  readonly pollMs?: number;
}

/** Queues tasks and waits for them, for all plugins of a service. */
export class TaskCaller implements AsyncDisposable {
  readonly #store: TaskStore;
  readonly #waiters: WaiterRegistry;
  readonly #logger: Logger;
  readonly #ids = new TaskIds();
  readonly #scopes: PluginScopes[] = [];

  constructor({ queue, signals, logger, pollMs = 3000 }: TaskCallerOptions) {
    this.#store = new TaskStore(queue, signals, logger);
    this.#waiters = new WaiterRegistry(this.#store, pollMs, logger);
    this.#logger = logger;
  }

  /** How many tasks this process waits for. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * `platform.tasks` of a plugin.
   *
   * @param disposables The stack of the plugin's current phase: its waits end with the phase.
   */
  forPlugin(plugin: string, disposables: () => PluginDisposables): PluginTasks {
    const scopes = new PluginScopes(plugin, disposables);
    this.#scopes.push(scopes);
    return new ScopedTasks({
      plugin,
      scopes,
      store: this.#store,
      waiters: this.#waiters,
      ids: this.#ids,
      logger: this.#logger,
    });
  }

  /** Takes updates from workers; those of tasks that nobody here waits for are ignored. */
  receive(updates: readonly TaskUpdate[]): void {
    this.#waiters.receive(updates);
  }

  /** Ends all waits with a PeekError, as the end of the plugin's phase does; then waits for running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#scopes.map((scopes) => scopes.end()));
    await this.#store.idle();
    this.#waiters[Symbol.dispose]();
  }
}
