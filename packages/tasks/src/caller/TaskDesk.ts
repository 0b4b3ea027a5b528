import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type QueueName, queueText } from "../queue/QueueName.ts";
import type { StoredTask, TaskQueue, TaskRequest } from "../queue/TaskQueue.ts";
import { InsertLine } from "./InsertLine.ts";
import { Limit } from "./Limit.ts";
import type { TaskSignals } from "./TaskNews.ts";

/** How many tasks are looked up or taken back at a time: there may be thousands, and connections are few. */
const atATime = 20;

/** What is asked of the queue here, and what the workers are told of it. */
export class TaskDesk {
  readonly signals: TaskSignals;
  readonly queue: () => Promise<TaskQueue>;
  readonly #logger: Logger;
  readonly #limit = new Limit(atATime);
  readonly #lines = new Map<string, InsertLine>();
  readonly #work = new Set<Promise<unknown>>();
  #isInTrouble = false;

  constructor(queue: () => Promise<TaskQueue>, signals: TaskSignals, logger: Logger) {
    this.queue = queue;
    this.signals = signals;
    this.#logger = logger;
  }

  /** Queues tasks, all or none, in the order of the calls; then the workers are woken. */
  async insert(name: QueueName, requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const text = queueText(name);
    let line = this.#lines.get(text);
    if (line === undefined) {
      line = new InsertLine((together) => this.#insert(name, together), name.kind === "single");
      this.#lines.set(text, line);
    }
    return await line.add(requests);
  }

  /** Tells the workers that there are tasks; not of those whose time has not come. */
  wake(name: QueueName, requests: readonly TaskRequest[]): void {
    if (
      requests.some(({ startAfter = 0 }) => (typeof startAfter === "number" ? startAfter <= 0 : isPast(startAfter)))
    ) {
      this.signals.wake(queueText(name));
    }
  }

  async read(id: string): Promise<StoredTask | undefined> {
    return await this.#limit.run(async () => (await this.queue()).read(id));
  }

  /** Takes a task back, and tells the workers. Returns whether it was still to be done. */
  async cancel(name: QueueName, id: string): Promise<boolean> {
    const isCancelled = await this.#limit.run(async () => (await this.queue()).cancel(name, id));
    if (isCancelled) this.signals.cancelled(id);
    return isCancelled;
  }

  /** Does what nobody may be waiting for; undefined when that fails, which is told once until something works again. */
  async attempt<Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> {
    const doing = this.#attempt(what, work);
    this.#work.add(doing);
    try {
      return await doing;
    } finally {
      this.#work.delete(doing);
    }
  }

  /** When nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.#work, ...Array.from(this.#lines.values(), (line) => line.idle())]);
  }

  async #insert(name: QueueName, requests: readonly TaskRequest[]): Promise<readonly string[]> {
    const queue = await this.queue();
    await queue.ensure(name);
    const ids = await queue.insert(name, requests);
    this.wake(name, requests);
    return ids;
  }

  async #attempt<Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work();
      this.#isInTrouble = false;
      return result;
    } catch (error) {
      if (!this.#isInTrouble) this.#logger.warning("%s: %s", what, messageOf(error));
      this.#isInTrouble = true;
      return undefined;
    }
  }
}

function isPast(time: string): boolean {
  return Date.parse(time) <= Date.now();
}
