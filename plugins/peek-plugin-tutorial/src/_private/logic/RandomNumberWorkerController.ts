import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Logger } from "@peek/plugin-base";
import type { PeekLogicPlatformHook } from "@peek/plugin-base/logic";
import { PickRandomNumber } from "../contracts/PickRandomNumber.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

const pauseMs = 5000;

/** Sends a number to a worker every five seconds, and logs the answer. */
export class RandomNumberWorkerController {
  readonly #platform: PeekLogicPlatformHook<TutorialTables>;
  readonly #logger: Logger;
  #isFailing = false;

  constructor(platform: PeekLogicPlatformHook<TutorialTables>) {
    this.#platform = platform;
    this.#logger = platform.getLogger(import.meta);
  }

  /** Runs until the plugin stops. */
  async run(): Promise<void> {
    const { signal } = this.#platform;
    while (!signal.aborted) {
      await this.#send(signal);
      // It fails only because the plugin stops.
      await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #send(signal: AbortSignal): Promise<void> {
    const number = randomInt(1, 1000);
    try {
      const answer = await this.#platform.tasks.run(PickRandomNumber, number, { deadlineMs: 30_000, signal });
      this.#logger.debug("Sent %d to a worker, which answered %d", number, answer);
      this.#isFailing = false;
    } catch (error) {
      if (signal.aborted) return;
      // One warning until a worker answers again: there may be no worker for days.
      this.#logger[this.#isFailing ? "debug" : "warning"]("No worker has answered: %s", error);
      this.#isFailing = true;
    }
  }
}
