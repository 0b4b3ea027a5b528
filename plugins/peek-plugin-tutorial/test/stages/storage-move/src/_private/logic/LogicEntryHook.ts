import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { StringInts } from "./StringInts.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);
  readonly #stringInts = new StringInts(this.platform.storage);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override async start(): Promise<void> {
    const one = await this.#stringInts.add("one", 10);
    const two = await this.#stringInts.add("two", 0);
    await this.#stringInts.move(3, one.id, two.id);
    await this.#tell();
    await this.#stringInts.move(3, one.id, 12345).catch((error: unknown) => this.#logger.info("%s", error));
    await this.#tell();
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }

  async #tell(): Promise<void> {
    const rows = (await this.#stringInts.all()).slice(-2);
    this.#logger.info("%s", rows.map(({ string1, int1 }) => `${string1} has ${int1}`).join(", "));
  }
}
