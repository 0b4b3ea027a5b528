import { createServiceHome, serviceConfigSchema, serviceHome } from "@peek/config";
import { Exchange, makeInstanceName, MemoryBus } from "@peek/bus";
import { WsExchange } from "@peek/bus/ws";
import { ensureLocalTokens, ExchangeAuthenticator, TokenStore } from "@peek/bus/identity";
import { silentLogger } from "./silentLogger.js";

/**
 * A data exchange like the logic service's, with tokens in its home.
 *
 * @param {{ peekHome: string, port: number }} where
 */
export async function openExchange({ peekHome, port }) {
  const home = serviceHome("logic", { PEEK_HOME: peekHome });
  createServiceHome(home);
  ensureLocalTokens(home);
  const { dataExchange } = serviceConfigSchema.parse({});
  const exchange = new Exchange();
  const member = makeMember("logic");
  const bus = new MemoryBus(exchange, "logic", member);
  const listener = await WsExchange.listen({
    exchange,
    host: "127.0.0.1",
    port,
    authenticator: new ExchangeAuthenticator(new TokenStore(home), false, silentLogger),
    heartbeatMs: dataExchange.heartbeatSeconds * 1000,
    logger: silentLogger,
    onFrame: () => bus.deliver(),
  });
  return { bus, listener, member };
}

/** The self-description of a process of a service. */
export function makeMember(service) {
  return { instance: makeInstanceName(service), version: "1.0.0", since: new Date().toISOString() };
}
