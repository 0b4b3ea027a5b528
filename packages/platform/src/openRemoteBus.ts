import type { ServiceConfig, ServiceHome } from "@peek/config";
import type { PeekError } from "@peek/errors";
import type { Logger, ServiceName } from "@peek/plugin-base";
import type { Bus, BusMember } from "@peek/bus";
import type { WsCredentials } from "@peek/bus/ws";

/** How a process connects to a network that is somewhere else: logic's data exchange, or NATS. */
export interface RemoteBusOptions {
  /** The service whose credential is used. */
  readonly service: ServiceName;
  readonly member: BusMember;
  readonly home: ServiceHome;
  readonly config: ServiceConfig;
  /** What is shown to logic's data exchange. Default: what config.json says. */
  readonly credentials?: () => WsCredentials;
  /** Told when it will never be connected as things are. */
  readonly onFatal: (error: PeekError) => void;
  readonly logger: Logger;
}

/**
 * Begins to connect, and goes on by itself.
 *
 * @throws PeekError `CONFIG_INVALID`, `TLS_UNUSABLE` or `NATS_UNUSABLE`
 */
export async function openRemoteBus(options: RemoteBusOptions): Promise<Bus> {
  return options.config.dataExchange.nats.servers.length > 0 ? await openNats(options) : await openWs(options);
}

async function openWs({ service, member, home, config, credentials, logger }: RemoteBusOptions): Promise<Bus> {
  const { WsBus } = await import("@peek/bus/ws");
  const { explainTlsFailure, isThisMachine, wsCredentials } = await import("@peek/bus/identity");
  const { host, httpPort, useSsl } = config.dataExchange;
  if (!useSsl && !isThisMachine(host)) {
    logger.warning(
      "Without TLS (dataExchange.useSsl), the token of this service can be read on the way to %s, and by whoever listens there in the place of logic",
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
  const { explainTlsFailure } = await import("@peek/bus/identity");
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
