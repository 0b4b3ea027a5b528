import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { SpecificNumber } from "../contracts/SpecificNumber.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    const { tasks } = this.platform;
    await tasks.schedule(SpecificNumber, "* * * * *", 42);
    await tasks.enqueue(SpecificNumber, 42, { singletonKey: "at the start" });
    this.#logger.debug("Started");
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
