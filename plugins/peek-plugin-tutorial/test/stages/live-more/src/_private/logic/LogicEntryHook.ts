import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { handleAddStringInt } from "./handleAddStringInt.ts";
import { provideLargeInts } from "./provideLargeInts.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    provideLargeInts(this.platform);
    handleAddStringInt(this.platform);
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
