import type { ServiceConfig, ServiceHome } from "@peek/config";
import { PeekError } from "@peek/errors";
import { type Logger, type Peer, type PluginVortex, type ServiceName, serviceNames } from "@peek/plugin-base";
import { type Bus, makeInstanceName } from "@peek/bus";
import { Vortex } from "@peek/vortex";
import { once } from "./once.ts";
import { openRemoteBus } from "./openRemoteBus.ts";
import { wayToOwnExchange } from "./wayToOwnExchange.ts";
import { platformPlugin, ServiceStatusRpc, type ToldServiceStatus } from "./serviceStatusRpc.ts";

/** With whose credential, and how long, somebody looks at the services. */
export interface ObserveOptions {
  /** The service whose credential is used. */
  readonly service: ServiceName;
  /** Of that service. */
  readonly home: ServiceHome;
  /** Of that service. */
  readonly config: ServiceConfig;
  /** The version of who looks. */
  readonly version: string;
  /** How long the connection, and then each answer, is waited for; milliseconds. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** A connected service, and what it tells of itself. */
export interface ObservedService {
  readonly peer: Peer;
  /** Undefined when it did not answer. */
  readonly status?: ToldServiceStatus;
  /** Why it did not. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * Asks every connected service how it is, over the same network as they use, without being one of them.
 *
 * @throws PeekError `VORTEX_DISCONNECTED` when there is no connection in time, or it is lost meanwhile; and as a service's start, when its credential
 *   cannot be used.
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
  const way = options.service === "logic" ? wayToOwnExchange(options) : {};
  const bus = owned.use(await openRemoteBus({ ...options, ...way, member, onFatal: fatal.resolve }));
  const vortex = owned.use(new Vortex({ bus, member, logger }));
  await connected(bus, fatal.promise, timeoutMs);
  const own = vortex.forPlugin(platformPlugin, () => owned, logger);
  let wasLost = false;
  owned.use(bus.onState(() => (wasLost = true)));
  const observed = await Promise.all(serviceNames.map((name) => ask(own, name, timeoutMs)));
  // Nobody is there then, as far as can be seen from here.
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
  const isConnected = once((done) => bus.onState((state) => state === "connected" && done()), timeoutMs);
  const outcome = await Promise.race([isConnected, fatal]);
  if (PeekError.is(outcome)) throw outcome;
  if (outcome) return;
  throw new PeekError(
    "VORTEX_DISCONNECTED",
    `The services cannot be reached within ${timeoutMs / 1000} s: ${bus.trouble ?? "there is no answer"}.`,
  );
}

function lost(bus: Bus): PeekError {
  const why = bus.trouble === undefined ? "" : `: ${bus.trouble}`;
  return new PeekError(
    "VORTEX_DISCONNECTED",
    `The connection to the services was lost while they were asked${why}. Ask again.`,
  );
}
