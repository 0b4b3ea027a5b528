import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError } from "@peek/errors";
import type { TaskDepth, TaskQueue } from "@peek/tasks";
import type { Lazy } from "./Lazy.ts";

/** How often the queues are read. */
const intervalMs = 10_000;
/** When tasks wait this long and none of their type runs, most likely no worker handles them. */
const stuckMs = 60_000;

/** On logic: reads the depths of the queues for the status, and warns when no worker takes the tasks of one. */
export class QueueMonitor implements AsyncDisposable {
  readonly #queue: Lazy<TaskQueue>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #stuck = new Set<string>();
  #isNeeded = false;
  #isFailing = false;
  #isDisposed = false;
  #depths: readonly TaskDepth[] | undefined;
  #reading: Promise<void> | undefined;

  constructor(queue: Lazy<TaskQueue>, logger: Logger) {
    this.#queue = queue;
    this.#logger = logger;
    this.#timer = setInterval(() => this.#readOnce(), intervalMs);
    this.#timer.unref();
  }

  /** Begins to read the depths also where this process has not used the queue, which is opened for that. */
  begin(): void {
    this.#isNeeded = true;
    this.#readOnce();
  }

  /** The depths at the last reading; undefined before the first. */
  get depths(): readonly TaskDepth[] | undefined {
    return this.#depths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    clearInterval(this.#timer);
    await this.#reading;
  }

  #readOnce(): void {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<void> {
    if (!this.#isNeeded && !this.#queue.isUsed) return;
    try {
      this.#depths = await (await this.#queue.get()).depths();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
      return;
    }
    for (const depth of this.#depths) this.#warnIfStuck(depth);
  }

  #failed(error: unknown): void {
    // The storage reports that the database is away; while the service stops, the error does not matter.
    const isPassing = PeekError.is(error) && ["STORAGE_UNAVAILABLE", "STORAGE_CLOSED"].includes(error.code);
    const level = isPassing || this.#isFailing || this.#isDisposed ? "debug" : "error";
    this.#logger[level]("Failed to read the task queues: %s", messageOf(error));
    if (!isPassing) this.#isFailing = true;
  }

  #warnIfStuck({ task, waiting, running, oldestMs }: TaskDepth): void {
    const isStuck = running === 0 && oldestMs !== undefined && oldestMs > stuckMs;
    if (isStuck === this.#stuck.has(task)) return;
    if (isStuck) {
      this.#stuck.add(task);
      this.#logger.warning(
        "No worker takes the tasks of %s: %d wait, the oldest for %d s. Check that a worker is connected that has the plugin, in the version that queued them",
        task,
        waiting,
        Math.round(oldestMs / 1000),
      );
    } else {
      this.#stuck.delete(task);
      this.#logger.info("Workers take the tasks of %s again", task);
    }
  }
}
