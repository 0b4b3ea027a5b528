import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import type { ServerInfo } from "../catalogue/readServerInfo.ts";
import type { StorageOptions } from "../StorageOptions.ts";

/** Connections that stay free for other clients of the server: its administrator, a backup. */
const spareConnections = 2;

/**
 * Decides how many connections all plugins may have together: any number where the server allows the sum of their pool sizes,
 * or else as many as the server allows, which the plugins then share.
 *
 * @param plugins The number of plugins.
 * @param platformConnections The number of connections that the platform needs itself.
 * @returns The limit for a `ConnectionBudget`.
 * @throws PeekError `STORAGE_CONNECTIONS` when the server allows not even one connection.
 */
export function planConnectionLimit(
  plugins: number,
  { poolSize }: StorageOptions["config"],
  { connections }: ServerInfo,
  platformConnections: number,
  logger: Logger,
): number {
  const wanted = plugins * poolSize;
  const available = connections - platformConnections - spareConnections;
  if (wanted <= available) return Infinity;
  const sum = `With up to ${poolSize} connections each (storage.poolSize), ${plugins} plugin${plugins === 1 ? "" : "s"} may need ${wanted}`;
  if (available < 1) {
    throw new PeekError(
      "STORAGE_CONNECTIONS",
      `${sum}, but the server allows this account ${connections} in all. Raise max_connections on the server to at least ${wanted + platformConnections + spareConnections}.`,
      { fields: { wanted, connections } },
    );
  }
  logger.warning(
    "%s, but the server allows %d: they share %d connections and wait for each other. To avoid that, raise max_connections by %d, or lower storage.poolSize",
    sum,
    connections,
    available,
    wanted - available,
  );
  return available;
}
