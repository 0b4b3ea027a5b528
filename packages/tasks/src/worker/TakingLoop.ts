import { messageOf, PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { parseQueueText, type QueueName, queueText } from "../queue/QueueName.ts";
import type { TakenTask } from "../queue/TaskQueue.ts";
import type { HeldTask } from "./HeldTask.ts";
import type { Scheduler, Take } from "./Scheduler.ts";
import type { WorkerQueue } from "./WorkerQueue.ts";

/** What a {@link TakingLoop} works with. */
export interface TakingLoopOptions {
  readonly queue: WorkerQueue;
  readonly scheduler: Scheduler<HeldTask>;
  readonly pollMs: number;
  readonly logger: Logger;
  /** Whether nothing more is to be taken for now; {@link TakingLoop.pump} is called when that is over. */
  readonly isFull: () => boolean;
  /** Is given what was taken, to be handed to the scheduler. */
  readonly onTaken: (take: Take, tasks: readonly TakenTask[]) => void;
}

/** How many queues are asked at a time. */
const takesAtOnce = 3;
/** That nothing can be taken is told no more often: one queue may fail again and again while others do not; milliseconds. */
const quietMs = 60_000;

/**
 * Takes tasks out of the queues that are known to have some. Of the others one question asks which have: every `pollMs`, which finds
 * what nobody was woken for. What cannot be taken is asked for again after the next such question that is answered.
 */
export class TakingLoop implements AsyncDisposable {
  readonly #options: TakingLoopOptions;
  readonly #takes = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #polling: Promise<void> | undefined;
  #pollAgain = false;
  #stopped = false;
  #isTold = false;
  #toldAt = -Infinity;

  constructor(options: TakingLoopOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.poll(), options.pollMs);
  }

  /** Asks for what there is room for. */
  pump(): void {
    while (!this.#stopped && this.#takes.size < takesAtOnce && !this.#options.isFull()) {
      const take = this.#options.scheduler.nextTake();
      if (take === undefined) return;
      const taking = this.#take(take).finally(() => {
        this.#takes.delete(taking);
        this.pump();
      });
      this.#takes.add(taking);
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
    await Promise.all([this.#polling, ...this.#takes]);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #take(take: Take): Promise<void> {
    const { queue, onTaken } = this.#options;
    let tasks: readonly TakenTask[] = [];
    try {
      tasks = await queue.take(nameOf(take.queue), take.count);
      this.#succeeded();
    } catch (error) {
      this.#failed(error);
    }
    onTaken(take, tasks);
  }

  async #poll(): Promise<void> {
    const { queue, scheduler } = this.#options;
    while (this.#pollAgain && !this.#stopped) {
      this.#pollAgain = false;
      const cold = scheduler.cold();
      if (cold.length === 0) return;
      try {
        const due = await queue.due(cold.map(nameOf));
        this.#succeeded();
        for (const name of due) scheduler.heat(queueText(name));
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
