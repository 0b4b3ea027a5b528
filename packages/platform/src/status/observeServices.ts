import type { Bus } from "@peek/bus";
import { PeekError } from "@peek/errors";
import { type Peer, type PluginVortex, type ServiceName, serviceNames } from "@peek/plugin-base";
import { type ObserveOptions, observeAs } from "./observeAs.ts";
import { ServiceStatusRpc, type ServiceStatusReport } from "./serviceStatusRpc.ts";

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
  const { bus, own } = await observeAs(options, owned);
  let wasLost = false;
  owned.use(bus.onState(() => (wasLost = true)));
  const observed = await Promise.all(serviceNames.map((name) => ask(own, name, options.timeoutMs)));
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

function lost(bus: Bus): PeekError {
  const why = bus.disconnectReason === undefined ? "" : `: ${bus.disconnectReason}`;
  return new PeekError(
    "VORTEX_DISCONNECTED",
    `The connection to the services was lost while they were asked${why}. Ask again.`,
  );
}
