import { type Bus, makeInstanceName } from "@peek/bus";
import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import type { Logger, PluginVortex, ServiceName } from "@peek/plugin-base";
import { Vortex } from "@peek/vortex";
import { localExchange } from "../connection/localExchange.ts";
import { openRemoteBus } from "../connection/openRemoteBus.ts";
import { waitForEvent } from "../connection/waitForEvent.ts";
import { platformPlugin } from "./serviceStatusRpc.ts";

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

/** A connection to the services that they do not see among their peers. */
export interface Observer {
  readonly bus: Bus;
  /** The scope of the platform itself. */
  readonly own: PluginVortex;
}

/**
 * Connects to the network of the services, without being a peer that others see.
 *
 * @param owned The stack that the connection is added to, also later; its owner disposes it.
 * @throws PeekError `VORTEX_DISCONNECTED` when there is no connection in time; the errors of a service's start when its
 *   credentials are not usable.
 */
export async function observeAs(options: ObserveOptions, owned: AsyncDisposableStack): Promise<Observer> {
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
  return { bus, own: vortex.forPlugin(platformPlugin, () => owned, logger) };
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
