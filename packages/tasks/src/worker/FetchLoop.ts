import { messageOf, PeekError } from "@peek/errors";
import { LogThrottle } from "@peek/kit";
import type { Logger } from "@peek/plugin-base";
import { parseQueueText, type QueueName, queueText } from "../queue/QueueName.ts";
import type { FetchedTask, WorkerQueue } from "../queue/TaskQueue.ts";
import type { RunnableTask } from "./HeldTask.ts";
import type { TaskScheduler, FetchRequest } from "./TaskScheduler.ts";

/** The options of {@link FetchLoop}. */
export interface FetchLoopOptions {
  readonly queue: WorkerQueue;
  readonly scheduler: TaskScheduler<RunnableTask>;
  readonly pollMs: number;
  readonly logger: Logger;
  /** Whether fetching has to pause. {@link FetchLoop.pump} has to be called afterwards. */
  readonly isFull: () => boolean;
  /** Passes the fetched tasks on to the scheduler. */
  readonly onFetched: (request: FetchRequest, tasks: readonly FetchedTask[]) => void;
}

/** How many queues are fetched at a time. */
const maxConcurrentFetches = 3;

/**
 * Fetches tasks from the queues that are known to have some. For all other queues, one query every `pollMs` finds the due tasks
 * for which no signal came. A failed fetch is repeated after the next successful poll.
 */
export class FetchLoop implements AsyncDisposable {
  readonly #options: FetchLoopOptions;
  readonly #fetches = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  /** One queue may fail again and again while others succeed. */
  readonly #throttle = new LogThrottle();
  #polling: Promise<void> | undefined;
  #pollAgain = false;
  #stopped = false;
  #isFailureLogged = false;

  constructor(options: FetchLoopOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.poll(), options.pollMs);
  }

  /** Starts as many fetches as the scheduler and the limits allow. */
  pump(): void {
    while (!this.#stopped && this.#fetches.size < maxConcurrentFetches && !this.#options.isFull()) {
      const request = this.#options.scheduler.nextFetch();
      if (request === undefined) return;
      const fetching = this.#fetch(request).finally(() => {
        this.#fetches.delete(fetching);
        this.pump();
      });
      this.#fetches.add(fetching);
    }
  }

  /** Queries now which queues have due tasks. */
  poll(): void {
    this.#pollAgain = true;
    this.#polling ??= this.#poll().finally(() => (this.#polling = undefined));
  }

  /** Stops, and waits for the running queries. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all([this.#polling, ...this.#fetches]);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #fetch(request: FetchRequest): Promise<void> {
    const { queue, onFetched } = this.#options;
    let tasks: readonly FetchedTask[] = [];
    try {
      tasks = await queue.fetch(nameOf(request.queue), request.count);
      this.#succeeded();
    } catch (error) {
      this.#failed(error);
    }
    onFetched(request, tasks);
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
    if (this.#isFailureLogged) this.#options.logger.info("Tasks are fetched again");
    this.#isFailureLogged = false;
  }

  #failed(error: unknown): void {
    if (this.#isFailureLogged || this.#stopped || this.#throttle.count("") === undefined) return;
    this.#isFailureLogged = true;
    this.#options.logger.warning("Failed to fetch tasks: %s. It will be retried", messageOf(error).replace(/\.$/, ""));
  }
}

function nameOf(text: string): QueueName {
  const name = parseQueueText(text);
  if (name === undefined) throw new PeekError("INTERNAL", `${text} is not the name of a queue.`);
  return name;
}
