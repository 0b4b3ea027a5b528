import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { CountRpc } from "../contracts/CountRpc.ts";
import { askAgents } from "./askAgents.ts";
import { countHandlers } from "./countHandlers.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    const { vortex, disposables } = this.platform;
    vortex.rpc.serve(CountRpc, countHandlers, { acceptOnlyFrom: "agent" });
    const asking = askAgents(this.platform, this.#logger).catch((error: unknown) => this.#logger.warning("%s", error));
    disposables.defer(() => asking);
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
