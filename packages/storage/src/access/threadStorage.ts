import type { Logger } from "@peek/plugin-base";
import type { OpenThreadStorage } from "@peek/plugin-base/internal";
import { ConnectionBudget } from "./ConnectionBudget.ts";
import { ConnectionPool } from "./ConnectionPool.ts";
import { PooledPluginStorage } from "./PooledPluginStorage.ts";
import { StorageHealth } from "./StorageHealth.ts";
import type { ThreadStorageSettings } from "./ThreadStorageSettings.ts";

/** Where this module is, for a thread that is to import it. */
export const threadStorageUrl: string = import.meta.url;

const ignore = (): void => undefined;
/** What goes wrong, the task fails with; that the database is away, the service tells. */
const silent: Logger = {
  ...{ debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore },
  isLevelEnabled: () => false,
};

const openThreadStorage: OpenThreadStorage = (settings) => {
  // The service has made it, with this module's types.
  const { target, anyServerName, client, schema, title, acquireTimeoutMs } = settings as ThreadStorageSettings;
  const { tls } = target;
  const pool = new ConnectionPool({
    target:
      tls !== false && anyServerName ? { ...target, tls: { ...tls, checkServerIdentity: () => undefined } } : target,
    settings: client,
    title,
    size: 1,
    acquireTimeoutMs,
    // It has been counted where the service counts.
    budget: new ConnectionBudget(Infinity),
    health: new StorageHealth(silent, ignore),
    prepares: true,
  });
  return {
    storage: new PooledPluginStorage(schema, pool),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
};

export default openThreadStorage;
