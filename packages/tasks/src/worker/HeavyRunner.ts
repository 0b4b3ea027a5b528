import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { HeavyRun } from "./HeavyRun.ts";
import { MemoryMonitor } from "./MemoryMonitor.ts";
import type { TaskJob, TaskRun } from "./TaskRun.ts";
import { ThreadSlot } from "./ThreadSlot.ts";

/** How long to wait for the end of threads: one that runs native code may take for ever. */
const endMs = 2000;

/** Runs heavy tasks, each alone in a thread. The scheduler starts no more tasks than there may be threads. */
export class HeavyRunner implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #memory = new MemoryMonitor();
  /** Idle threads, the most recently used one at the end. */
  #idle: ThreadSlot[] = [];
  readonly #busy = new Set<ThreadSlot>();
  readonly #ending = new Set<Promise<void>>();
  readonly #threads: number;

  constructor(threads: number, logger: Logger) {
    this.#threads = threads;
    this.#logger = logger;
  }

  start(job: TaskJob): TaskRun {
    const slot = this.#fetch(job);
    const run = new HeavyRun(slot, job, this.#memory);
    const result = run.result.then(({ result, isReusable }) => {
      this.#busy.delete(slot);
      if (isReusable) this.#idle.push(slot);
      else this.#end(slot);
      return result;
    });
    return { result, released: result.then(() => undefined), abort: (reason, graceMs) => run.abort(reason, graceMs) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const slot of [...this.#idle.splice(0), ...this.#busy]) this.#end(slot);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#logger.warning("%d threads of tasks do not end, since they run native code", this.#ending.size);
      resolve();
    }, endMs);
    await Promise.race([Promise.all(this.#ending), promise]);
    clearTimeout(timer);
    this.#memory[Symbol.dispose]();
  }

  #fetch({ handler }: TaskJob): ThreadSlot {
    const { memoryMb } = handler.task;
    const fits = (slot: ThreadSlot): boolean => slot.limitMb >= memoryMb;
    const known = this.#idle.findLastIndex((slot) => fits(slot) && slot.knows(handler.url));
    const at = known >= 0 ? known : this.#idle.findLastIndex(fits);
    const slot = (at < 0 ? undefined : this.#idle.splice(at, 1)[0]) ?? this.#make(memoryMb);
    this.#busy.add(slot);
    return slot;
  }

  #make(limitMb: number): ThreadSlot {
    // An idle thread with less memory makes room.
    const other = this.#idle.length + this.#busy.size >= this.#threads ? this.#idle.shift() : undefined;
    if (other !== undefined) this.#end(other);
    return new ThreadSlot(limitMb);
  }

  #end(slot: ThreadSlot): void {
    const ending = slot[Symbol.asyncDispose]()
      .catch((error: unknown) => this.#logger.error({ err: error }, "Failed to end a thread: %s", messageOf(error)))
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
