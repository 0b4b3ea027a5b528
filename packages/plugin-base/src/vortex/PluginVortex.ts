import type { PluginPresence } from "./Peer.ts";
import type { PluginPayloads } from "./PluginPayloads.ts";
import type { PluginRpc } from "./PluginRpc.ts";

/** How the parts of a plugin on different services find each other and talk. */
export interface PluginVortex {
  /** Calls with an answer. */
  readonly rpc: PluginRpc;
  /** Messages without an answer. */
  readonly payloads: PluginPayloads;
  /** Who is connected. */
  readonly presence: PluginPresence;
}
