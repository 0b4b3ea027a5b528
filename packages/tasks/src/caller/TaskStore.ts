import { messageOf } from "@peek/errors";
import { Semaphore } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { type QueueName, queueText } from "../queue/QueueName.ts";
import type { StoredTask, TaskQueue, TaskRequest } from "../queue/TaskQueue.ts";
import { InsertBatcher } from "./InsertBatcher.ts";
import type { TaskSignals } from "./TaskSignals.ts";

/** How many tasks are read or cancelled at a time: there may be thousands, but connections are few. */
const maxConcurrentQueries = 20;

/** The tasks in the database, as plugins queue, read and cancel them; it also signals the workers. */
export class TaskStore {
  readonly signals: TaskSignals;
  readonly queue: () => Promise<TaskQueue>;
  readonly #logger: Logger;
  readonly #queries = new Semaphore(maxConcurrentQueries);
  readonly #batchers = new Map<string, InsertBatcher>();
  readonly #background = new Set<Promise<unknown>>();
  #isFailing = false;

  constructor(queue: () => Promise<TaskQueue>, signals: TaskSignals, logger: Logger) {
    this.queue = queue;
    this.signals = signals;
    this.#logger = logger;
  }

  /**
   * Queues all given tasks or none, in the order of the calls, and wakes the workers.
   *
   * @returns Their ids.
   * @throws PeekError as the database.
   */
  async insert(name: QueueName, requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const text = queueText(name);
    let batcher = this.#batchers.get(text);
    if (batcher === undefined) {
      batcher = new InsertBatcher((batch) => this.#insert(name, batch), name.kind !== "single");
      this.#batchers.set(text, batcher);
    }
    return await batcher.add(requests);
  }

  /** Notifies the workers, unless all tasks start later. */
  wake(name: QueueName, requests: readonly TaskRequest[]): void {
    if (
      requests.some(({ startAfter = 0 }) => (typeof startAfter === "number" ? startAfter <= 0 : isPast(startAfter)))
    ) {
      this.signals.wake(queueText(name));
    }
  }

  /** @throws PeekError as the database. */
  async read(id: string): Promise<StoredTask | undefined> {
    return await this.#queries.run(async () => (await this.queue()).read(id));
  }

  /**
   * Cancels a task and notifies the workers.
   *
   * @returns false when the task had ended already.
   * @throws PeekError as the database.
   */
  async cancel(name: QueueName, id: string): Promise<boolean> {
    const isCancelled = await this.#queries.run(async () => (await this.queue()).cancel(name, id));
    if (isCancelled) this.signals.cancelled(id);
    return isCancelled;
  }

  /**
   * Runs work whose caller may be gone before it ends; {@link idle} waits for it. Only the first of several failures in a row is
   * logged.
   *
   * @param failureMessage For the log, without the reason.
   * @returns undefined when the work failed.
   */
  async tryInBackground<Result>(failureMessage: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const running = this.#try(failureMessage, work);
    this.#background.add(running);
    try {
      return await running;
    } finally {
      this.#background.delete(running);
    }
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#background, ...Array.from(this.#batchers.values(), (batcher) => batcher.idle())]);
  }

  async #insert(name: QueueName, requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const queue = await this.queue();
    await queue.ensure(name);
    const ids = await queue.insert(name, requests);
    this.wake(name, requests);
    return ids;
  }

  async #try<Result>(failureMessage: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work();
      this.#isFailing = false;
      return result;
    } catch (error) {
      if (!this.#isFailing) this.#logger.warning("%s: %s", failureMessage, messageOf(error));
      this.#isFailing = true;
      return undefined;
    }
  }
}

function isPast(time: string): boolean {
  return Date.parse(time) <= Date.now();
}
