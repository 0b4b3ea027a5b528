import { setTimeout as delay } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { lockKeys } from "../catalogue/advisoryLocks.ts";
import { createPlatformTables } from "../catalogue/platformLayout.ts";
import { type Catalogue, type PluginSchema, readCatalogue } from "../catalogue/readCatalogue.ts";
import type { ServerInfo } from "../catalogue/readServerInfo.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { executeProvisioning } from "./executeProvisioning.ts";
import { readExistingRoles, roleRefusal } from "./existingRoles.ts";
import { roleNameOf, schemaNameOf } from "./names.ts";
import { revokePublicCreate } from "./revokePublicCreate.ts";
import { schemaSql } from "./schemaSql.ts";

/** The pause between two attempts to acquire the lock. */
const lockPauseMs = 200;

/** The error of each plugin whose schema could not be provisioned, by plugin. */
export type RefusedSchemas = ReadonlyMap<string, PeekError>;

/**
 * Creates a schema and a role for every plugin that has none yet, all in one transaction.
 *
 * @param client A connection of the account that owns the database.
 * @param target The database of the connection.
 * @param seen The catalogue as last read; undefined when there was none.
 * @returns The catalogue afterwards, and the plugins whose schema could not be provisioned.
 * @throws PeekError `STORAGE_REFUSED` when the account may not create schemas; and errors of `pg`.
 */
export async function provisionSchemas(
  client: ClientBase,
  target: ConnectionTarget,
  serverInfo: ServerInfo,
  plugins: readonly string[],
  seen: Catalogue | undefined,
  logger: Logger,
): Promise<{ readonly catalogue: Catalogue; readonly refused: RefusedSchemas }> {
  if (!serverInfo.createsRoles && plugins.some((plugin) => seen?.pluginSchemas.get(plugin)?.role === undefined)) {
    logger.warning(
      "The account %s may not create roles: all plugins use this account, and each can access the tables of the others. To give each plugin a role of its own, run ALTER ROLE %s CREATEROLE on the server, and restart logic",
      target.user,
      escapeIdentifier(target.user),
    );
  }
  if (seen !== undefined && plugins.every((plugin) => isProvisioned(seen.pluginSchemas.get(plugin), serverInfo))) {
    return { catalogue: seen, refused: new Map() };
  }
  await client.query("BEGIN");
  try {
    const result = await provisionSchemasInTransaction(client, target, serverInfo, plugins, logger);
    const { catalogue, refused, created } = result;
    if (seen === undefined) await revokePublicCreate(client, logger);
    await client.query("COMMIT");
    if (created.length > 0) logger.debug("Created the schemas of %s", created.join(", "));
    return { catalogue, refused };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/**
 * Does the same as {@link provisionSchemas} within the open transaction; a rollback also removes the roles.
 *
 * @throws PeekError as {@link provisionSchemas}; the transaction has failed then.
 */
export async function provisionSchemasInTransaction(
  client: ClientBase,
  target: ConnectionTarget,
  serverInfo: ServerInfo,
  plugins: readonly string[],
  logger: Logger,
): Promise<{ readonly catalogue: Catalogue; readonly refused: RefusedSchemas; readonly created: readonly string[] }> {
  const { user, database } = target;
  if (!serverInfo.createsSchemas) {
    throw new PeekError(
      "STORAGE_REFUSED",
      `The account ${user} may not create schemas in the database ${database}. Grant it the right: GRANT CREATE ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(user)}.`,
      { fields: { user, database } },
    );
  }
  await acquireProvisioningLock(client, logger);
  // Another service may have created them while this one waited for the lock.
  const { secret, pluginSchemas, applied } = await ensureCatalogue(client);
  const missing = plugins.filter((plugin) => !isProvisioned(pluginSchemas.get(plugin), serverInfo));
  const planned = missing.map((plugin) => plannedSchema(plugin, database, serverInfo, pluginSchemas.get(plugin)));
  const roles = await readExistingRoles(
    client,
    planned.map(({ role }) => role).filter((role) => role !== undefined),
  );
  const refused = new Map(await refusedSchemas(client, planned, pluginSchemas, applied));
  for (const { plugin, role } of planned) {
    const refusal = role === undefined ? undefined : roleRefusal(plugin, role, roles);
    if (refusal !== undefined && !refused.has(plugin)) refused.set(plugin, refusal);
  }
  const steps = await Promise.all(
    planned
      .filter(({ plugin }) => !refused.has(plugin))
      .map(async (pluginSchema) => {
        const isKnown = pluginSchemas.has(pluginSchema.plugin);
        return { pluginSchema, sql: await schemaSql(pluginSchema, isKnown, database, secret, roles) };
      }),
  );
  for (const [plugin, error] of await executeProvisioning(client, user, steps, roles)) refused.set(plugin, error);
  const created = missing.filter((plugin) => !refused.has(plugin));
  const catalogue = await readCatalogue(client);
  if (catalogue === undefined)
    throw new PeekError("INTERNAL", "Peek's own tables have disappeared within a transaction.");
  return { catalogue, refused, created };
}

/** Whether a plugin's schema is complete, with a role of its own if roles can be created. */
function isProvisioned(pluginSchema: PluginSchema | undefined, { createsRoles }: ServerInfo): boolean {
  return pluginSchema?.complete === true && (pluginSchema.role !== undefined || !createsRoles);
}

/**
 * The schema that a plugin has, or that provisioning would create.
 *
 * @param recorded The one that the catalogue has.
 */
export function plannedSchema(
  plugin: string,
  database: string,
  { createsRoles }: ServerInfo,
  recorded: PluginSchema | undefined,
): PluginSchema {
  if (recorded !== undefined && (recorded.role !== undefined || !createsRoles)) return recorded;
  const schema = schemaNameOf(plugin);
  const role = createsRoles ? roleNameOf(database, schema) : undefined;
  return { plugin, schema, role, complete: false };
}

/** Reads the catalogue, and creates its tables where there are none. */
async function ensureCatalogue(client: ClientBase): Promise<Catalogue> {
  await client.query("SAVEPOINT look");
  const found = await readCatalogue(client);
  if (found !== undefined) return found;
  await client.query("ROLLBACK TO SAVEPOINT look");
  const secret = await createPlatformTables(client);
  return { secret, copyBeganAt: undefined, pluginSchemas: new Map(), applied: new Map() };
}

/** Refuses schemas that exist but are not in the catalogue, and migrated ones that are in the catalogue but do not exist. */
async function refusedSchemas(
  client: ClientBase,
  planned: readonly PluginSchema[],
  recorded: Catalogue["pluginSchemas"],
  applied: Catalogue["applied"],
): Promise<RefusedSchemas> {
  const { rows } = await client.query<{ readonly nspname: string }>(
    "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)",
    [planned.map(({ schema }) => schema)],
  );
  const existing = new Set(rows.map(({ nspname }) => nspname));
  const refused = new Map<string, PeekError>();
  for (const { plugin, schema } of planned) {
    const isRecorded = recorded.has(plugin);
    if (!isRecorded && existing.has(schema)) refused.set(plugin, schemaTaken(plugin, schema));
    // Without an applied migration, Peek knows of no data that could be lost.
    if (isRecorded && !existing.has(schema) && applied.has(plugin)) refused.set(plugin, schemaGone(plugin, schema));
  }
  return refused;
}

function schemaTaken(plugin: string, schema: string): PeekError {
  return new PeekError(
    "STORAGE_SCHEMA_TAKEN",
    `The schema ${schema}, which ${plugin} needs, exists in the database already, and Peek did not create it. Rename or drop it, or use another database.`,
    { fields: { plugin, schema } },
  );
}

function schemaGone(plugin: string, schema: string): PeekError {
  const name = escapeLiteral(plugin);
  return new PeekError(
    "STORAGE_SCHEMA_GONE",
    `The schema ${schema} of ${plugin} does not exist in the database any more, though its migrations were applied. Restore it from a backup. To start over without its data: DELETE FROM peek_platform.migration WHERE plugin = ${name}; DELETE FROM peek_platform.plugin WHERE name = ${name};`,
    { fields: { plugin, schema } },
  );
}

/** Polls for the lock: a server that blocks in a lock function sends nothing, which looks like one that does not answer. */
async function acquireProvisioningLock(client: ClientBase, logger: Logger): Promise<void> {
  for (let isLogged = false; ; isLogged = true) {
    const { rows } = await client.query<{ readonly taken: boolean }>(
      `SELECT pg_catalog.pg_try_advisory_xact_lock(${lockKeys("provisioning")}) AS taken`,
    );
    if (rows[0]?.taken === true) return;
    if (!isLogged) logger.info("Another process is creating schemas; waiting until it has finished");
    await delay(lockPauseMs);
  }
}
