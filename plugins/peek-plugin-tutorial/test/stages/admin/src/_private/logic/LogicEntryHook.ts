import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    const startedAt = new Date();
    this.platform.http.route("GET", "/start", () => Response.json({ startedAt }));
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
