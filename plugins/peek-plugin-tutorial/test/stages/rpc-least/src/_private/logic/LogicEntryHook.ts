import { PluginLogicEntryHookABC } from "@peek/plugin-base/logic";
import { AddRpc } from "../contracts/AddRpc.ts";

/** The entry point of the plugin on the logic service. */
export class LogicEntryHook extends PluginLogicEntryHookABC {
  override load(): void {
    // There is nothing to load.
  }

  override start(): void {
    this.platform.vortex.rpc.serve(AddRpc, { addInts: ({ val1, val2 }) => val1 + val2 }, { acceptOnlyFrom: "agent" });
  }

  override stop(): void {
    // The platform ends the serving.
  }

  override unload(): void {
    // Nothing was loaded.
  }
}
