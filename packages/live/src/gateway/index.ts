export type { StaleEntry, StaleStatus } from "../channel/StaleStatus.ts";
export { ActionClient } from "./actions/ActionClient.ts";
export { ExposedContracts } from "./exposed/ExposedContracts.ts";
export { ScopedExposedContracts } from "./exposed/ScopedExposedContracts.ts";
export { Gateway, type GatewayOptions } from "./Gateway.ts";
export type { GatewaySession } from "./GatewaySession.ts";
export type { GatewayStatistics } from "./GatewayStatistics.ts";
