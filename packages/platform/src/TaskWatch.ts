import type { Logger } from "@peek/plugin-base";
import { messageOf, PeekError } from "@peek/errors";
import type { TaskDepth } from "@peek/tasks";
import type { LazyTaskQueue } from "./LazyTaskQueue.ts";

/** How often it is looked; milliseconds. */
const everyMs = 10_000;
/** Tasks that wait this long while none of their type runs are most likely nobody's; milliseconds. */
const stuckMs = 60_000;

/** On logic: how full the queues are, now and then, for the status; and a word in the log when nobody takes what is in one. */
export class TaskWatch implements AsyncDisposable {
  readonly #queue: LazyTaskQueue;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #stuck = new Set<string>();
  #isNeeded = false;
  #isFailing = false;
  #isOver = false;
  #depths: readonly TaskDepth[] | undefined;
  #looking: Promise<void> | undefined;

  constructor(queue: LazyTaskQueue, logger: Logger) {
    this.#queue = queue;
    this.#logger = logger;
    this.#timer = setInterval(() => this.#lookOnce(), everyMs);
    this.#timer.unref();
  }

  /** There may be tasks that nobody of this process has queued: they are looked after from now on, and the queue is opened for that. */
  begin(): void {
    this.#isNeeded = true;
    this.#lookOnce();
  }

  /** As last looked at; undefined before that. */
  get depths(): readonly TaskDepth[] | undefined {
    return this.#depths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  #lookOnce(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    if (!this.#isNeeded && !this.#queue.isWanted) return;
    try {
      this.#depths = await this.#queue.depths();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
      return;
    }
    for (const depth of this.#depths) this.#tell(depth);
  }

  #failed(error: unknown): void {
    // When the database is away, the storage tells it; when the service stops, nobody needs to know.
    const isPassing = PeekError.is(error) && ["STORAGE_UNAVAILABLE", "STORAGE_CLOSED"].includes(error.code);
    const level = isPassing || this.#isFailing || this.#isOver ? "debug" : "error";
    this.#logger[level]("Tasks cannot be looked after: %s", messageOf(error));
    if (!isPassing) this.#isFailing = true;
  }

  #tell({ task, waiting, running, oldestMs }: TaskDepth): void {
    const isStuck = running === 0 && oldestMs !== undefined && oldestMs > stuckMs;
    if (isStuck === this.#stuck.has(task)) return;
    if (isStuck) {
      this.#stuck.add(task);
      this.#logger.warning(
        "%d of the task %s wait, the oldest for %d s, and no worker takes them: is a worker connected that has its plugin, in the version that queued them?",
        waiting,
        task,
        Math.round(oldestMs / 1000),
      );
    } else {
      this.#stuck.delete(task);
      this.#logger.info("Tasks of %s are being done again", task);
    }
  }
}
