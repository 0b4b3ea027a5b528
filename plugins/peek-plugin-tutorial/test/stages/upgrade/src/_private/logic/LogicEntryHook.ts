import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { Units } from "./Units.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);
  readonly #units = new Units(this.platform.storage);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    this.#logger.info("%d rows have a unit now", await this.#units.complete("m"));
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
