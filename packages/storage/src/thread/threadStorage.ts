import type { Logger } from "@peek/plugin-base";
import type { OpenThreadStorage } from "@peek/plugin-base/internal";
import { StorageHealth } from "../health/StorageHealth.ts";
import { ConnectionBudget } from "../pool/ConnectionBudget.ts";
import { ConnectionPool } from "../pool/ConnectionPool.ts";
import { PooledPluginStorage } from "../query/PooledPluginStorage.ts";
import type { ThreadStorageSettings } from "./ThreadStorageSettings.ts";

/** The URL of this module, for a thread to import it. */
export const threadStorageUrl: string = import.meta.url;

const ignore = (): void => undefined;
/** A thread logs nothing: errors fail its task, and the service reports the loss of the database. */
const silent: Logger = {
  ...{ debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore },
  isLevelEnabled: () => false,
};

const openThreadStorage: OpenThreadStorage = (settings) => {
  // The service made them as this type.
  const { target, skipServerNameCheck, client, schema, title, acquireTimeoutMs } = settings as ThreadStorageSettings;
  const { tls } = target;
  const pool = new ConnectionPool({
    target:
      tls !== false && skipServerNameCheck
        ? { ...target, tls: { ...tls, checkServerIdentity: () => undefined } }
        : target,
    settings: client,
    title,
    size: 1,
    acquireTimeoutMs,
    // The service has counted the connection already.
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
