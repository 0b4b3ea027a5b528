import { messageOf, PeekError } from "@peek/errors";
import type { Peer, PluginRpc } from "@peek/plugin-base";
import type { ChosenVersion } from "./chooseVersion.ts";
import { type PluginOnService, PluginChangesRpc, type ResultOnService, type Uninstalled } from "./pluginChangesRpc.ts";

/** How long a service may take to say how a plugin is there, in milliseconds. */
const stateMs = 10_000;
/** How long a service may take to start, in milliseconds: a migration takes the longest. Its end is noticed before. */
const startMs = 24 * 3600 * 1000;
/** How long a service may take to get and unpack a version, in milliseconds. */
const fetchMs = 10 * 60_000;
/** How long a service may take to remove versions, in milliseconds. */
const removeMs = 120_000;

/** The outcome of {@link fetchOn}. */
export interface Fetched {
  readonly peer: Peer;
  /** Whether the version was not installed there before. */
  readonly isNew: boolean;
  /** Why it is not installed there. */
  readonly refusal?: ResultOnService;
}

/**
 * Asks an instance how a plugin is there.
 *
 * @param whenStarted Whether to wait until the service has been started. Default: false.
 */
export async function stateOn(
  rpc: PluginRpc,
  to: Peer,
  plugin: string,
  { whenStarted = false }: { readonly whenStarted?: boolean } = {},
): Promise<PluginOnService> {
  const client = rpc.client(PluginChangesRpc, { to, deadlineMs: whenStarted ? startMs : stateMs });
  return await client.state({ plugin, whenStarted });
}

/** Has an instance get a version from logic. Never rejects. */
export async function fetchOn(
  rpc: PluginRpc,
  peer: Peer,
  { plugin, name, hash }: Pick<ChosenVersion, "name" | "hash"> & { readonly plugin: string },
  signal: AbortSignal,
): Promise<Fetched> {
  try {
    const client = rpc.client(PluginChangesRpc, { to: peer, deadlineMs: fetchMs, signal });
    const isNew = await client.fetch({ plugin, version: name, ...(hash !== undefined && { hash }) });
    return { peer, isNew };
  } catch (error) {
    const code = PeekError.is(error) ? error.code : "INTERNAL";
    const nothing = { restarted: [], ended: [] };
    const refusal = {
      type: "result",
      outcome: "refused",
      ...nothing,
      error: { code, message: messageOf(error) },
    } as const;
    return { peer, isNew: false, refusal };
  }
}

/** Removes a version that was fetched in vain. Never rejects: an installed version that nobody uses does no harm. */
export async function discardOn(rpc: PluginRpc, to: Peer, plugin: string, version: string): Promise<void> {
  try {
    await rpc.client(PluginChangesRpc, { to, deadlineMs: removeMs }).discard({ plugin, version });
  } catch (error) {
    if (!PeekError.is(error)) throw error;
  }
}

/** Removes all versions of a plugin from an instance. */
export async function uninstallOn(rpc: PluginRpc, to: Peer, plugin: string, purgeData: boolean): Promise<Uninstalled> {
  return await rpc.client(PluginChangesRpc, { to, deadlineMs: removeMs }).uninstall({ plugin, purgeData });
}
