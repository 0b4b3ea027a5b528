import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { StringIntReport } from "./StringIntReport.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);
  readonly #report = new StringIntReport(this.platform.storage);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    this.#logger.info("%d rows", await this.#report.count());
    for (const { string1, count, sum } of await this.#report.totals(1)) {
      this.#logger.info("%s: %s rows, sum %s", string1, count, sum);
    }
    this.#logger.info("The longest text is %s", await this.#report.longest());
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
