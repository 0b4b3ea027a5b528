import type { PluginVortex } from "@peek/plugin-base";
import { ScopedPayloads, type ScopedPayloadsParts } from "./ScopedPayloads.ts";
import { ScopedPresence } from "./ScopedPresence.ts";
import { ScopedRpc, type ScopedRpcParts } from "./ScopedRpc.ts";
import type { PresenceView } from "../presence/PresenceView.ts";

/** What a plugin has of Vortex. */
export class ScopedVortex implements PluginVortex {
  readonly rpc: ScopedRpc;
  readonly payloads: ScopedPayloads;
  readonly presence: ScopedPresence;

  constructor(parts: ScopedRpcParts & ScopedPayloadsParts & { readonly view: PresenceView }) {
    this.rpc = new ScopedRpc(parts);
    this.payloads = new ScopedPayloads(parts);
    this.presence = new ScopedPresence(parts.plugin, parts.scopes, parts.view);
  }
}
