export type { Bus, BusMember, BusState } from "./bus/Bus.ts";
export { Exchange } from "./bus/Exchange.ts";
export { makeInstanceName } from "./bus/instanceName.ts";
export { MemoryBus } from "./bus/memory/MemoryBus.ts";
export type { Authenticator, Credential, Refusal } from "./bus/ws/Authenticator.ts";
export { WsBus, type WsBusOptions, type WsCredentials } from "./bus/ws/WsBus.ts";
export { type ExchangeTls, WsExchange, type WsExchangeOptions } from "./bus/ws/WsExchange.ts";
export { Vortex, type VortexOptions } from "./plugin/Vortex.ts";
export type { VortexStatistics } from "./plugin/VortexStatistics.ts";
