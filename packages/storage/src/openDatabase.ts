import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type Catalogue, readCatalogue } from "./catalogue/readCatalogue.ts";
import { readServerInfo, type ServerInfo } from "./catalogue/readServerInfo.ts";
import { type ConnectionTarget, describeTarget } from "./connection/ConnectionTarget.ts";
import type { DatabaseLocation } from "./DatabaseLocation.ts";
import type { StorageHealth } from "./health/StorageHealth.ts";
import { ConnectionBudget } from "./pool/ConnectionBudget.ts";
import { ConnectionPool } from "./pool/ConnectionPool.ts";
import { rejectTransactionPooler } from "./pool/rejectTransactionPooler.ts";
import { withSilenceTimeout } from "./pool/withSilenceTimeout.ts";
import { provisionSchemas, type RefusedSchemas } from "./provisioning/provisionSchemas.ts";
import type { StorageOptions } from "./StorageOptions.ts";

/** The maximum number of connections of the platform itself: for migrations and health probes. */
export const platformConnections = 3;

/** A database that answers, with the platform's connections to it. */
export interface OpenDatabase {
  readonly target: ConnectionTarget;
  /** Connections of the account that owns the database; the caller disposes it. */
  readonly pool: ConnectionPool;
  readonly health: StorageHealth;
  readonly serverInfo: ServerInfo;
  readonly catalogue: Catalogue | undefined;
  /** Plugins whose schema could not be provisioned. */
  readonly refused: RefusedSchemas;
}

/**
 * Connects to the database, checks the server, and provisions the schemas that are missing where this process is the one
 * that applies migrations.
 *
 * @throws PeekError `STORAGE_UNAVAILABLE`, which is worth another attempt; `STORAGE_REFUSED`, `STORAGE_TOO_NEW`, or as
 *   {@link DatabaseLocation.find}. No connection is left open.
 */
export async function openDatabase(
  options: StorageOptions,
  location: DatabaseLocation,
  health: StorageHealth,
  logger: Logger,
): Promise<OpenDatabase> {
  await using held = new AsyncDisposableStack();
  const { title, config, migrations, plugins, signal } = options;
  const target = await location.find();
  const connectTimeoutMs = config.acquireTimeoutSeconds * 1000;
  const pool = held.use(
    new ConnectionPool({
      target,
      title: "the platform",
      size: platformConnections,
      acquireTimeoutMs: connectTimeoutMs,
      budget: new ConnectionBudget(Infinity),
      health,
      // A migration alters the tables that a prepared statement refers to, and its own statements run once.
      prepares: false,
      isVital: true,
      settings: { applicationName: title, connectTimeoutMs },
    }),
  );
  const timeout = { target, silenceMs: connectTimeoutMs, signal };
  const found = await withSilenceTimeout(pool, timeout, async (client, setSilenceMs) => {
    const serverInfo = await readServerInfo(client);
    // With a single connection there is no second session to compare with.
    if (target.kind !== "embedded" && serverInfo.connections > 1) await rejectTransactionPooler(pool, serverInfo.pid);
    const seen = await readCatalogue(client);
    if (seen?.copyBeganAt !== undefined && options.unfinishedCopy !== "accept")
      throw unfinishedCopy(target, seen.copyBeganAt);
    if (migrations === "await") return { serverInfo, catalogue: seen, refused: new Map<string, PeekError>() };
    const names = plugins.map(({ name }) => name);
    // Transferring the ownership of a restored schema takes a server longer than answering a query.
    setSilenceMs(Math.max(config.statementTimeoutSeconds, config.acquireTimeoutSeconds) * 1000);
    return { serverInfo, ...(await provisionSchemas(client, target, serverInfo, names, seen, logger)) };
  });
  held.move();
  return { target, pool, health, ...found };
}

function unfinishedCopy(target: ConnectionTarget, since: string): PeekError {
  return new PeekError(
    "STORAGE_REFUSED",
    `A copy into the database ${describeTarget(target)} began at ${since} and has not completed, so that the plugins' data in it is incomplete. Wait for peek storage copy to end. If it was interrupted, run it again: it starts over.`,
  );
}
