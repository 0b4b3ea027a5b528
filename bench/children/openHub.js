import { createServiceHome, serviceConfigSchema, serviceHome } from "@peek/config";
import { Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { WsExchange } from "@peek/bus/ws";
import { ensureLocalTokens, ExchangeAuthenticator, TokenStore } from "@peek/bus/identity";
import { silentLogger } from "./silentLogger.js";

/**
 * The data exchange as the logic service has it, with tokens in its home.
 *
 * @param {{ peekHome: string, port: number }} where
 */
export async function openHub({ peekHome, port }) {
  const home = serviceHome("logic", { PEEK_HOME: peekHome });
  createServiceHome(home);
  ensureLocalTokens(home);
  const { dataExchange } = serviceConfigSchema.parse({});
  const exchange = new Exchange();
  const member = makeMember("logic");
  const bus = new MemoryBus(exchange, "logic", member);
  const hub = await WsExchange.listen({
    exchange,
    host: "127.0.0.1",
    port,
    authenticator: new ExchangeAuthenticator(new TokenStore(home), false, silentLogger),
    heartbeatMs: dataExchange.heartbeatSeconds * 1000,
    logger: silentLogger,
    onFrame: () => bus.settle(),
  });
  return { bus, hub, member };
}

/** What a process of a service says of itself. */
export function makeMember(service) {
  return { instance: makeInstanceName(service), version: "1.0.0", since: new Date().toISOString() };
}
