import type { PluginVortex } from "@peek/plugin-base";
import type { PresenceView } from "../presence/PresenceView.ts";
import { ScopedPayloads, type ScopedPayloadsOptions } from "./ScopedPayloads.ts";
import { ScopedPresence } from "./ScopedPresence.ts";
import { ScopedRpc, type ScopedRpcOptions } from "./ScopedRpc.ts";

/** The Vortex of one plugin: `platform.vortex`. */
export class ScopedVortex implements PluginVortex {
  readonly rpc: ScopedRpc;
  readonly payloads: ScopedPayloads;
  readonly presence: ScopedPresence;

  constructor(options: ScopedRpcOptions & ScopedPayloadsOptions & { readonly view: PresenceView }) {
    this.rpc = new ScopedRpc(options);
    this.payloads = new ScopedPayloads(options);
    this.presence = new ScopedPresence(options.plugin, options.scopes, options.view);
  }
}
