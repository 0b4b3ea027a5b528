import { PluginAgentEntryHookABC } from "@peek/plugin-base/agent";
import { RpcForLogic } from "../contracts/RpcForLogic.ts";
import { hearCount } from "./hearCount.ts";
import { rpcForLogicHandlers } from "./rpcForLogicHandlers.ts";

/** The entry point of the plugin on the agent service. */
export class AgentEntryHook extends PluginAgentEntryHookABC {
  readonly #logger = this.getLogger(import.meta);

  override load(): void {
    this.#logger.debug("Loaded");
  }

  override start(): void {
    const { vortex, disposables } = this.platform;
    vortex.rpc.serve(RpcForLogic, rpcForLogicHandlers, { acceptOnlyFrom: "logic" });
    const hearing = hearCount(this.platform, this.#logger).catch((error: unknown) => this.#logger.warning("%s", error));
    disposables.defer(() => hearing);
  }

  override stop(): void {
    this.#logger.debug("Stopped");
  }

  override unload(): void {
    this.#logger.debug("Unloaded");
  }
}
