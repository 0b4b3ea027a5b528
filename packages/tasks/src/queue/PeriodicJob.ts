import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";

/** What a {@link PeriodicJob} is made of. */
export interface PeriodicJobOptions {
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** The pause between the end of one and the beginning of the next; milliseconds. */
  readonly pauseMs: number;
  /** What is told when it fails: `Tasks cannot be looked after`. */
  readonly trouble: string;
  readonly database: TaskDatabase;
  readonly logger: Logger;
}

/** Work that is done again and again, from now until it is disposed. That it fails is told once, until it works again. */
export class PeriodicJob implements AsyncDisposable {
  readonly #options: PeriodicJobOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #fails = false;

  constructor(options: PeriodicJobOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#once(signal);
      await delay(this.#options.pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { work, database, logger, trouble } = this.#options;
    try {
      await work(signal);
      this.#fails = false;
    } catch (error) {
      // That the database is away, the storage tells.
      if (!this.#fails && database.available) logger.warning("%s: %s", trouble, messageOf(error));
      this.#fails = true;
    }
  }
}
