import type { Logger, PluginDisposables, PluginTasks } from "@peek/plugin-base";
import type { TaskQueue } from "../queue/TaskQueue.ts";
import { type Phase, PluginPhases } from "./PluginPhases.ts";
import { ScopedTasks } from "./ScopedTasks.ts";
import { TaskDesk } from "./TaskDesk.ts";
import { TaskIds } from "./TaskIds.ts";
import type { TaskNews, TaskSignals } from "./TaskNews.ts";
import { Waits } from "./Waits.ts";

/** What a {@link TaskCaller} is made of. */
export interface TaskCallerOptions {
  /** The queue, which stays another's; asked for when it is first needed. */
  readonly queue: () => Promise<TaskQueue>;
  readonly signals: TaskSignals;
  readonly logger: Logger;
  /** How long a task that is waited for is not heard of before it is looked up in the database; milliseconds. Default: 3,000. */
  readonly netMs?: number;
}

/** The side of tasks that queues them and waits for them: one for all plugins of a service. */
export class TaskCaller implements AsyncDisposable {
  readonly #desk: TaskDesk;
  readonly #waits: Waits;
  readonly #logger: Logger;
  readonly #ids = new TaskIds();
  readonly #phases = new Set<Phase>();

  constructor({ queue, signals, logger, netMs = 3000 }: TaskCallerOptions) {
    this.#desk = new TaskDesk(queue, signals, logger);
    this.#waits = new Waits(this.#desk, netMs, logger);
    this.#logger = logger;
  }

  /** How many tasks this process waits for. */
  get waiting(): number {
    return this.#waits.size;
  }

  /**
   * `platform.tasks` of a plugin.
   *
   * @param disposables The stack of the plugin's present phase: what it waits for then ends with it.
   */
  forPlugin(plugin: string, disposables: () => PluginDisposables): PluginTasks {
    return new ScopedTasks({
      plugin,
      phases: new PluginPhases(plugin, disposables, this.#phases),
      desk: this.#desk,
      waits: this.#waits,
      ids: this.#ids,
      logger: this.#logger,
    });
  }

  /** What has become of tasks, as workers tell over the bus; of those that nobody here waits for as well. */
  hear(news: readonly TaskNews[]): void {
    this.#waits.hear(news);
  }

  /** Whoever still waits gets a PeekError, as when its plugin stops; then waits for what is under way in the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    const phases = [...this.#phases];
    this.#phases.clear();
    await Promise.all(phases.map((phase) => phase.end()));
    await this.#desk.idle();
    this.#waits[Symbol.dispose]();
  }
}
