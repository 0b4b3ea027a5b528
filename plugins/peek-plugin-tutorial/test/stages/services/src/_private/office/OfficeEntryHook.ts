import { PluginOfficeEntryHookABC } from "@peek/plugin-base/office";

/** The entry point of the plugin on the office service. */
export class OfficeEntryHook extends PluginOfficeEntryHookABC {
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
