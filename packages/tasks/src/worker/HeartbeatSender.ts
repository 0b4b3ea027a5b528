import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { RunnableTask } from "./HeldTask.ts";
import type { WorkerQueue } from "../queue/TaskQueue.ts";

/** The options of {@link HeartbeatSender}. */
export interface HeartbeatSenderOptions {
  readonly queue: WorkerQueue;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** All tasks that this worker holds now. */
  readonly held: () => Iterable<RunnableTask>;
  /** Called with tasks of one queue whose leases this worker has lost. */
  readonly onLost: (held: readonly RunnableTask[]) => void;
}

/** Renews the leases of the tasks that this worker holds. */
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
        // A task whose outcome is being recorded may have ended already.
        const lost = group.filter((each) => !ours.has(each.task.id) && each.isRecording !== true);
        if (lost.length > 0) onLost(lost);
      } catch (error) {
        // While the database is away, no other worker can fetch them either.
        logger.debug("Failed to send the heartbeats of tasks of %s: %s", first.queue, messageOf(error));
      }
    }
  }
}
