import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { appendText } from "./tasks/appendText.ts";
import countPrimes from "./tasks/countPrimes.ts";
import { keepPrimes } from "./tasks/keepPrimes.ts";

/** The entry point of the plugin on the worker service. */
export class WorkerEntryHook extends PluginWorkerEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    const { tasks, storage } = this.platform;
    await tasks.handle(countPrimes);
    await tasks.handle(appendText(storage));
    await tasks.handle(keepPrimes(this.platform));
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
