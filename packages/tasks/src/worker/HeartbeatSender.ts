import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { RunnableTask } from "./HeldTask.ts";
import type { WorkerQueue } from "../queue/TaskQueue.ts";

/** What a {@link HeartbeatSender} works with. */
export interface HeartbeatSenderOptions {
  readonly queue: WorkerQueue;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** All that this worker holds now. */
  readonly held: () => Iterable<RunnableTask>;
  /** Called with those of a queue that are not this worker's any more. */
  readonly onLost: (held: readonly RunnableTask[]) => void;
}

/** Says again and again that this worker still has the tasks that it has taken. */
export class HeartbeatSender implements AsyncDisposable {
  readonly #options: HeartbeatSenderOptions;
  readonly #timer: NodeJS.Timeout;
  #touching: Promise<void> | undefined;

  constructor(options: HeartbeatSenderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#touching ??= this.#touch().finally(() => (this.#touching = undefined));
    }, options.heartbeatMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#touching;
  }

  async #touch(): Promise<void> {
    const { queue, held, onLost, logger } = this.#options;
    for (const [, group] of Map.groupBy(held(), (each) => each.queue)) {
      const [first] = group;
      if (first === undefined) continue;
      try {
        const ours = await queue.touch(
          first.task.queue,
          group.map(({ task }) => ({ id: task.id, retryCount: task.retryCount })),
        );
        // What is being recorded is not held any more once that is done.
        const lost = group.filter((each) => !ours.has(each.task.id) && each.isRecording !== true);
        if (lost.length > 0) onLost(lost);
      } catch (error) {
        // While the database is away nobody else can take them either.
        logger.debug("Tasks of %s could not be touched: %s", first.queue, messageOf(error));
      }
    }
  }
}
