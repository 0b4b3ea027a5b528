import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { TaskDatabase } from "@peek/plugin-base/internal";

/** Options of a {@link PeriodicJob}. */
export interface PeriodicJobOptions {
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** The pause between the end of one run and the start of the next. */
  readonly pauseMs: number;
  /** For the log when a run fails, without the reason: `Failed to maintain the tasks`. */
  readonly failureMessage: string;
  readonly database: TaskDatabase;
  readonly logger: Logger;
}

/** Runs work periodically, from its construction until its disposal. Of several failed runs in a row, the first is logged. */
export class PeriodicJob implements AsyncDisposable {
  readonly #options: PeriodicJobOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #isFailing = false;

  constructor(options: PeriodicJobOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Waits for the current run. */
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
    const { work, database, logger, failureMessage } = this.#options;
    try {
      await work(signal);
      this.#isFailing = false;
    } catch (error) {
      // The storage reports an unavailable database.
      if (!this.#isFailing && database.available) logger.warning("%s: %s", failureMessage, messageOf(error));
      this.#isFailing = true;
    }
  }
}
