import { wsCredentials } from "@peek/bus/identity";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import type { ServiceName } from "@peek/plugin-base";
import { exchangeTls } from "./exchangeTls.ts";

/**
 * Finds mistakes in the configuration that would prevent a service from connecting to the others, without connecting.
 *
 * @throws PeekError `CONFIG_INVALID`, `TLS_UNUSABLE` or `NATS_UNUSABLE`
 */
export async function checkConnection(service: ServiceName, home: ServiceHome, config: ServiceConfig): Promise<void> {
  if (config.dataExchange.nats.servers.length > 0) {
    const { parseNatsConfig } = await import("@peek/bus/nats");
    const { natsConfigOf } = await import("./natsConfigOf.ts");
    parseNatsConfig(natsConfigOf(config.dataExchange.nats, home), service);
  } else if (service === "logic") {
    exchangeTls(config.httpServer.dataExchange, home);
  } else {
    wsCredentials({ service, home, config });
  }
}
