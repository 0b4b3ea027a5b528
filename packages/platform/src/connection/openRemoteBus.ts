import { explainTlsFailure, isThisMachine, wsCredentials } from "@peek/bus/identity";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import type { PeekError } from "@peek/errors";
import type { Logger, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import type { WsCredentials } from "@peek/bus/ws";

/** How a process connects to the other services: through logic's data exchange, or through NATS. */
export interface RemoteBusOptions {
  /** The service whose credentials are used. */
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** The credentials for logic's data exchange. Default: those in config.json. */
  readonly credentials?: () => WsCredentials;
  /** Called when it can never connect with its present configuration. */
  readonly onFatal: (error: PeekError) => void;
  readonly logger: Logger;
}

/**
 * Begins to connect, and reconnects by itself.
 *
 * @throws PeekError `CONFIG_INVALID`, `TLS_UNUSABLE` or `NATS_UNUSABLE`
 */
export async function openRemoteBus(options: RemoteBusOptions): Promise<Bus> {
  return options.config.dataExchange.nats.servers.length > 0 ? await openNats(options) : await openWs(options);
}

async function openWs({ service, member, home, config, credentials, logger }: RemoteBusOptions): Promise<Bus> {
  const { WsBus } = await import("@peek/bus/ws");
  const { host, httpPort, useSsl } = config.dataExchange;
  if (!useSsl && !isThisMachine(host)) {
    logger.warning(
      "dataExchange.useSsl is off: without TLS, the token of this service can be read on the way to %s, and by any program that listens there in place of logic",
      host,
    );
  }
  return new WsBus({
    service,
    member,
    host,
    port: httpPort,
    secure: useSsl,
    credentials: credentials ?? wsCredentials({ service, home, config }),
    explain: explainTlsFailure,
    logger,
  });
}

async function openNats({ service, member, home, config, onFatal, logger }: RemoteBusOptions): Promise<Bus> {
  const { NatsBus } = await import("@peek/bus/nats");
  const { natsConfigOf } = await import("./natsConfigOf.ts");
  return NatsBus.open({
    service,
    member,
    config: natsConfigOf(config.dataExchange.nats, home),
    heartbeatMs: config.dataExchange.heartbeatSeconds * 1000,
    explain: explainTlsFailure,
    onFatal,
    logger,
  });
}
