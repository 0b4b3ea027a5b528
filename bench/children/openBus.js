import { serviceConfigSchema, serviceHome } from "@peek/config";
import { WsBus } from "@peek/bus/ws";
import { wsCredentials } from "@peek/bus/identity";
import { NatsBus } from "@peek/bus/nats";
import { makeMember } from "./openExchange.js";
import { silentLogger } from "./silentLogger.js";

/**
 * A bus like that of a service other than logic, with the token that logic made for this machine.
 *
 * @param {{ peekHome: string, port: number }} where The home and port of the exchange.
 */
export function openWsBus(service, { peekHome, port }) {
  const member = makeMember(service);
  const config = serviceConfigSchema.parse({ dataExchange: { host: "127.0.0.1", httpPort: port } });
  const home = serviceHome(service, { PEEK_HOME: peekHome });
  const bus = new WsBus({
    service,
    member,
    host: "127.0.0.1",
    port,
    secure: false,
    credentials: wsCredentials({ service, home, config }),
    logger: silentLogger,
  });
  return { bus, member };
}

/** A bus over a NATS server with the permissions that Peek requires. */
export function openNatsBus(service, { natsUrl, passwords }) {
  const member = makeMember(service);
  const { dataExchange } = serviceConfigSchema.parse({});
  const bus = NatsBus.open({
    service,
    member,
    config: { servers: [natsUrl], password: passwords[service] },
    heartbeatMs: dataExchange.heartbeatSeconds * 1000,
    logger: silentLogger,
    onFatal: (error) => {
      throw error;
    },
  });
  return { bus, member };
}
