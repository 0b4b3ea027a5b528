import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type Logger, type Peer, type PluginVortex, type ServiceName, serviceNames } from "@peek/plugin-base";
import { type Bus, makeInstanceName } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { localExchange } from "../connection/localExchange.ts";
import { openRemoteBus } from "../connection/openRemoteBus.ts";
import { waitForEvent } from "../connection/waitForEvent.ts";
import { platformPlugin, ServiceStatusRpc, type ServiceStatusReport } from "./serviceStatusRpc.ts";

/** How the services are observed. */
export interface ObserveOptions {
  /** The service whose credentials are used. */
  readonly service: ServiceName;
  /** The home of that service. */
  readonly home: ServiceHome;
  /** The configuration of that service. */
  readonly config: ServiceConfig;
  /** The version of the observing program. */
  readonly version: string;
  /** How long to wait for the connection, and then for each answer. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** A connected service, and the status that it reports. */
export interface ObservedService {
  readonly peer: Peer;
  /** undefined when it did not answer. */
  readonly status?: ServiceStatusReport;
  /** Why it did not answer. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * Asks every connected service for its status, over the network of the services, without being a peer that others see.
 *
 * @throws PeekError `VORTEX_DISCONNECTED` when there is no connection in time, or the connection is lost meanwhile; the errors of
 *   a service's start when its credentials are not usable.
 */
export async function observeServices(options: ObserveOptions): Promise<readonly ObservedService[]> {
  await using owned = new AsyncDisposableStack();
  const { service, version, timeoutMs, logger } = options;
  const member = {
    instance: makeInstanceName(service, true),
    version,
    since: new Date().toISOString(),
    observer: true,
  };
  const fatal = Promise.withResolvers<PeekError>();
  const exchange = options.service === "logic" ? localExchange(options) : {};
  const bus = owned.use(await openRemoteBus({ ...options, ...exchange, member, onFatal: fatal.resolve }));
  const vortex = owned.use(new Vortex({ bus, member, logger }));
  await connected(bus, fatal.promise, timeoutMs);
  const own = vortex.forPlugin(platformPlugin, () => owned, logger);
  let wasLost = false;
  owned.use(bus.onState(() => (wasLost = true)));
  const observed = await Promise.all(serviceNames.map((name) => ask(own, name, timeoutMs)));
  // Without a connection, no peer is visible.
  if (wasLost) throw lost(bus);
  return observed.flat();
}

async function ask(own: PluginVortex, to: ServiceName, deadlineMs: number): Promise<readonly ObservedService[]> {
  const peers = await own.presence.peers(to);
  return await Promise.all(peers.map((peer) => askOne(own, peer, deadlineMs)));
}

async function askOne(own: PluginVortex, peer: Peer, deadlineMs: number): Promise<ObservedService> {
  try {
    return { peer, status: await own.rpc.client(ServiceStatusRpc, { to: peer, deadlineMs }).status() };
  } catch (error) {
    if (!PeekError.is(error)) throw error;
    return { peer, error: { code: error.code, message: error.message } };
  }
}

async function connected(bus: Bus, fatal: Promise<PeekError>, timeoutMs: number): Promise<void> {
  if (bus.state === "connected") return;
  const isConnected = waitForEvent((done) => bus.onState((state) => state === "connected" && done()), timeoutMs);
  const outcome = await Promise.race([isConnected, fatal]);
  if (PeekError.is(outcome)) throw outcome;
  if (outcome) return;
  throw new PeekError(
    "VORTEX_DISCONNECTED",
    `The services cannot be reached within ${timeoutMs / 1000} s: ${bus.disconnectReason ?? "no answer"}.`,
  );
}

function lost(bus: Bus): PeekError {
  const why = bus.disconnectReason === undefined ? "" : `: ${bus.disconnectReason}`;
  return new PeekError(
    "VORTEX_DISCONNECTED",
    `The connection to the services was lost while they were asked${why}. Ask again.`,
  );
}
