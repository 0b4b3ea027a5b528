import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
import { askLogic } from "./askLogic.ts";

/** The entry point of the plugin on the agent service. */
export class AgentEntryHook extends PluginAgentEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    // There is nothing to load.
  }

  override start(): void {
    const asking = askLogic(this.platform, this.#logger).catch((error: unknown) => this.#logger.warning("%s", error));
    this.platform.disposables.defer(() => asking);
  }

  override stop(): void {
    // The signal of the platform cancels the call.
  }

  override unload(): void {
    // Nothing was loaded.
  }
}
