import { ConnectionBudget } from "../access/ConnectionBudget.ts";
import { ConnectionPool } from "../access/ConnectionPool.ts";
import type { StorageHealth } from "../access/StorageHealth.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import type { StorageOptions } from "../Storage.ts";

/** The one connection that changes are read on: one of those that the budget leaves to others. */
export function readerPool(
  { title, config }: StorageOptions,
  { target, health }: { readonly target: ConnectionTarget; readonly health: StorageHealth },
): ConnectionPool {
  const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
  return new ConnectionPool({
    target,
    title: "the reader of changes",
    size: 1,
    acquireTimeoutMs: connectTimeoutMs,
    budget: new ConnectionBudget(Infinity),
    health,
    prepares: true,
    settings: {
      applicationName: `${title} changes`,
      connectTimeoutMs,
      statementTimeoutMs: config.statementTimeoutSeconds * 1000,
    },
  });
}
