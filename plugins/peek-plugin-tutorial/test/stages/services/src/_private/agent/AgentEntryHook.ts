import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";

/** The entry point of the plugin on the agent service. */
export class AgentEntryHook extends PluginAgentEntryHookABC {
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
