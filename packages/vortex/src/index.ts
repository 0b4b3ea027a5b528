export type { ActionRate } from "./actions/ActionRates.ts";
export type { ActionRunner } from "./actions/ActionRunner.ts";
export { ActionServer, type ActionServerOptions } from "./actions/ActionServer.ts";
export { RpcActionRunner } from "./actions/RpcActionRunner.ts";
export type { Bus, BusMember, BusState } from "./bus/Bus.ts";
export { Exchange } from "./bus/Exchange.ts";
export { makeInstanceName } from "./bus/instanceName.ts";
export { MemoryBus } from "./bus/memory/MemoryBus.ts";
export type { Authenticator, Credential, Refusal } from "./bus/ws/Authenticator.ts";
export type { WsCredentials } from "./bus/ws/dialExchange.ts";
export { WsBus, type WsBusOptions } from "./bus/ws/WsBus.ts";
export { type ExchangeTls, WsExchange, type WsExchangeOptions } from "./bus/ws/WsExchange.ts";
export { Exposure } from "./gateway/Exposure.ts";
export { Gateway, type GatewayOptions } from "./gateway/Gateway.ts";
export type { GatewaySession } from "./gateway/GatewaySession.ts";
export type { GatewayStatistics } from "./gateway/GatewayStatistics.ts";
export { ScopedExposure } from "./gateway/ScopedExposure.ts";
export { PluginScopes } from "./plugin/PluginScopes.ts";
export type { ChannelMessage, ChannelSource, FollowedChannel } from "./observables/ChannelSource.ts";
export {
  ObservableProxy,
  type ObservableProxyOptions,
  type ObservableProxyStatistics,
} from "./observables/ObservableProxy.ts";
export {
  type ObservablePlugin,
  ObservableServer,
  type ObservableServerOptions,
  type ObservableServerStatistics,
} from "./observables/ObservableServer.ts";
export type { StaleEntry, StaleStatus } from "./observables/StaleStatus.ts";
export { Vortex, type VortexOptions } from "./plugin/Vortex.ts";
export type { VortexStatistics } from "./plugin/VortexStatistics.ts";
export { clientPath } from "./wire/clientMessages.ts";
