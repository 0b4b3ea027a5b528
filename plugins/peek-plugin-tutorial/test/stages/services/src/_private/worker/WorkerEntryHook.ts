import { PluginWorkerEntryHookABC } from "@peek/plugin-base/worker";

/** The entry point of the plugin on the worker service. */
export class WorkerEntryHook extends PluginWorkerEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
