import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { AppendText } from "../contracts/AppendText.ts";
import { KeepPrimes } from "../contracts/KeepPrimes.ts";
import type { TutorialTables } from "../storage/TutorialTables.ts";
import { addInOrder } from "./addInOrder.ts";
import { countPrimes } from "./countPrimes.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC<TutorialTables> {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    const working = this.#work().catch((error: unknown) => this.#logger.warning({ err: error }, "%s", error));
    this.platform.disposables.defer(() => working);
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }

  async #work(): Promise<void> {
    const { tasks, signal } = this.platform;
    const ids = await addInOrder(this.platform, ["one", ", two", ", three"]);
    for (const id of ids) this.#logger.info("The text is %o", await tasks.wait(AppendText, id, { signal }));
    const missing = tasks.run(AppendText, { id: 12345, text: "!" }, { signal });
    await missing.catch((error: unknown) => this.#logger.info("%s", error));
    const tooLong = addInOrder(this.platform, ["one", "much too long"]);
    await tooLong.catch((error: unknown) => this.#logger.info("%s", error));
    await tasks.run(KeepPrimes, { upTo: 100 }, { signal });
    await countPrimes(this.platform, this.#logger);
  }
}
