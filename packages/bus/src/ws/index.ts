export type { Authenticator, Credential, Refusal } from "./Authenticator.ts";
export { WsBus, type WsBusOptions } from "./WsBus.ts";
export { WsExchange, type ExchangeTls, type WsExchangeOptions } from "./WsExchange.ts";
export type { WsCredentials } from "./connectToExchange.ts";
export { exchangePath, maxFrameBytes, protocol } from "./exchangeProtocol.ts";
