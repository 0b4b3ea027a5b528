export type { StaleEntry, StaleStatus } from "../channel/StaleStatus.ts";
export type { ActionRunner } from "./ActionRunner.ts";
export { Exposure } from "./Exposure.ts";
export { Gateway, type GatewayOptions } from "./Gateway.ts";
export type { GatewaySession } from "./GatewaySession.ts";
export type { GatewayStatistics } from "./GatewayStatistics.ts";
export { RpcActionRunner } from "./RpcActionRunner.ts";
export { ScopedExposure } from "./ScopedExposure.ts";
export type { ChannelMessage, ChannelSource, FollowedChannel } from "./proxy/ChannelSource.ts";
export {
  ObservableProxy,
  type ObservableProxyOptions,
  type ObservableProxyStatistics,
} from "./proxy/ObservableProxy.ts";
