export type { Peer, PeerIdentity, PluginPresence, PresenceChange, PresenceOptions } from "./Peer.ts";
export type {
  Payload,
  PayloadEndpointOptions,
  PayloadFilter,
  PayloadTarget,
  PluginPayloads,
} from "./PluginPayloads.ts";
export type {
  PluginRpc,
  RpcAnswer,
  RpcCallContext,
  RpcCallOptions,
  RpcClient,
  RpcClientOfAll,
  RpcClientOptions,
  RpcHandlers,
  RpcServeOptions,
  RpcTarget,
} from "./PluginRpc.ts";
export type { PluginVortex } from "./PluginVortex.ts";
