import type { PluginPresence } from "./Peer.ts";
import type { PluginPayloads } from "./PluginPayloads.ts";
import type { PluginRpc } from "./PluginRpc.ts";

/** The communication between the parts of a plugin on different services. */
export interface PluginVortex {
  /** Calls with an answer. */
  readonly rpc: PluginRpc;
  /** Messages without an answer. */
  readonly payloads: PluginPayloads;
  /** The connected services. */
  readonly presence: PluginPresence;
}
