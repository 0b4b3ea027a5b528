import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { ConnectionBudget } from "./access/ConnectionBudget.ts";
import type { ServerFacts } from "./catalogue/readServerFacts.ts";
import type { StorageOptions } from "./Storage.ts";

/** What is left to others on the server: its administrator, a backup. */
const spare = 2;

/**
 * How many connections all plugins may have together: as many as their pools have room for, or what the server allows,
 * which they then share.
 *
 * @param own How many connections the platform has besides.
 * @throws PeekError `STORAGE_CONNECTIONS` when the server allows not even one.
 */
export function connectionBudget(
  { plugins, config }: StorageOptions,
  { connections }: ServerFacts,
  own: number,
  logger: Logger,
): ConnectionBudget {
  const wanted = plugins.length * config.poolSize;
  const left = connections - own - spare;
  if (wanted <= left) return new ConnectionBudget(Infinity);
  const sum = `With up to ${config.poolSize} connections each (storage.poolSize), ${plugins.length} plugin${plugins.length === 1 ? "" : "s"} may need ${wanted}`;
  if (left < 1) {
    throw new PeekError(
      "STORAGE_CONNECTIONS",
      `${sum}, but the server allows this account ${connections} in all. Raise max_connections on the server to at least ${wanted + own + spare}.`,
      { fields: { wanted, connections } },
    );
  }
  logger.warning(
    "%s, but the server allows %d: they share %d, and wait for one another. To give each its own, raise max_connections by %d, or lower storage.poolSize",
    sum,
    connections,
    left,
    wanted - left,
  );
  return new ConnectionBudget(left);
}
