import type { RpcClient } from "@peek/plugin-base";
import { type ObserveOptions, observeAs } from "../status/observeAs.ts";
import type { PluginAdminRpc } from "./pluginAdminRpc.ts";

/** How long a step of a change may take: a migration takes the longest. The end of logic is noticed before. */
const stepMs = 24 * 3600 * 1000;

/** The procedures by which logic changes plugins of all services. Dispose it to disconnect. */
export interface PluginAdmin extends AsyncDisposable {
  readonly client: RpcClient<(typeof PluginAdminRpc)["procedures"]>;
}

/**
 * Connects to logic, to change plugins of all services.
 *
 * @param options The credentials must be those of logic.
 * @throws PeekError as {@link observeAs}.
 */
export async function openPluginAdmin(options: ObserveOptions): Promise<PluginAdmin> {
  // The connection adds to it later, too: it cannot be moved into another one.
  const owned = new AsyncDisposableStack();
  try {
    const { PluginAdminRpc: contract } = await import("./pluginAdminRpc.ts");
    const { own } = await observeAs(options, owned);
    const client = own.rpc.client(contract, { to: "logic", deadlineMs: stepMs });
    return { client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
}
