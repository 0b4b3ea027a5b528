import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { parseQueueText, type QueueName, queueText } from "../queue/QueueName.ts";
import type { FetchedTask } from "../queue/TaskQueue.ts";
import type { RunnableTask } from "./HeldTask.ts";
import type { TaskScheduler, FetchRequest } from "./TaskScheduler.ts";
import type { WorkerQueue } from "../queue/TaskQueue.ts";

/** What a {@link FetchLoop} works with. */
export interface FetchLoopOptions {
  readonly queue: WorkerQueue;
  readonly scheduler: TaskScheduler<RunnableTask>;
  readonly pollMs: number;
  readonly logger: Logger;
  /** Whether nothing more is to be taken for now; {@link FetchLoop.pump} is called when that is over. */
  readonly isFull: () => boolean;
  /** Is given what was taken, to be handed to the scheduler. */
  readonly onFetched: (take: FetchRequest, tasks: readonly FetchedTask[]) => void;
}

/** How many queues are asked at a time. */
const concurrentFetches = 3;
/** That nothing can be taken is told no more often: one queue may fail again and again while others do not; milliseconds. */
const quietMs = 60_000;

/**
 * Takes tasks out of the queues that are known to have some. Of the others one question asks which have: every `pollMs`, which finds
 * what nobody was woken for. What cannot be taken is asked for again after the next such question that is answered.
 */
export class FetchLoop implements AsyncDisposable {
  readonly #options: FetchLoopOptions;
  readonly #fetches = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #polling: Promise<void> | undefined;
  #pollAgain = false;
  #stopped = false;
  #isTold = false;
  #toldAt = -Infinity;

  constructor(options: FetchLoopOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.poll(), options.pollMs);
  }

  /** Asks for what there is room for. */
  pump(): void {
    while (!this.#stopped && this.#fetches.size < concurrentFetches && !this.#options.isFull()) {
      const take = this.#options.scheduler.nextFetch();
      if (take === undefined) return;
      const taking = this.#fetch(take).finally(() => {
        this.#fetches.delete(taking);
        this.pump();
      });
      this.#fetches.add(taking);
    }
  }

  /** Asks now which queues have something. */
  poll(): void {
    this.#pollAgain = true;
    this.#polling ??= this.#poll().finally(() => (this.#polling = undefined));
  }

  /** Takes nothing more; what is under way is waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all([this.#polling, ...this.#fetches]);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #fetch(take: FetchRequest): Promise<void> {
    const { queue, onFetched } = this.#options;
    let tasks: readonly FetchedTask[] = [];
    try {
      tasks = await queue.fetch(nameOf(take.queue), take.count);
      this.#succeeded();
    } catch (error) {
      this.#failed(error);
    }
    onFetched(take, tasks);
  }

  async #poll(): Promise<void> {
    const { queue, scheduler } = this.#options;
    while (this.#pollAgain && !this.#stopped) {
      this.#pollAgain = false;
      const cold = scheduler.idleQueues();
      if (cold.length === 0) return;
      try {
        const due = await queue.due(cold.map(nameOf));
        this.#succeeded();
        for (const name of due) scheduler.markReady(queueText(name));
        this.pump();
      } catch (error) {
        this.#failed(error);
      }
    }
  }

  #succeeded(): void {
    if (this.#isTold) this.#options.logger.info("Tasks are taken again");
    this.#isTold = false;
  }

  #failed(error: unknown): void {
    const now = performance.now();
    if (this.#isTold || this.#stopped || now - this.#toldAt < quietMs) return;
    this.#isTold = true;
    this.#toldAt = now;
    this.#options.logger.warning("No tasks can be taken: %s. Trying again", messageOf(error).replace(/\.$/, ""));
  }
}

function nameOf(text: string): QueueName {
  const name = parseQueueText(text);
  if (name === undefined) throw new PeekError("INTERNAL", `${text} is no queue.`);
  return name;
}
