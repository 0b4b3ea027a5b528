import { setTimeout as wait } from "node:timers/promises";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { makeLayout } from "../catalogue/layout.ts";
import { type Catalogue, readCatalogue, type Room } from "../catalogue/readCatalogue.ts";
import type { ServerFacts } from "../catalogue/readServerFacts.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { closePublicSchema } from "./closePublicSchema.ts";
import { makeDrafts } from "./makeDrafts.ts";
import { roleNameOf, schemaNameOf } from "./names.ts";
import { claimRefusal, presentRoles } from "./roleClaims.ts";
import { roomSql } from "./roomSql.ts";

/** A number of ours among those of other programs' advisory locks in the same database: "peek". */
export const lockSpace = 0x7065656b;
/** The lock under which rooms are made. */
const roomsLock = 0;
/** How often it is asked for while another has it; milliseconds. */
const lockPauseMs = 200;

/** Why a plugin has no room, by plugin. */
export type RefusedRooms = ReadonlyMap<string, PeekError>;

/**
 * Makes a schema and a role for every plugin that has none yet, all in one transaction.
 *
 * @param client A connection of the account that owns the database.
 * @param target What it is a connection to.
 * @param seen What was recorded when last looked at; undefined when there was nothing.
 * @returns What is recorded now, and the plugins that cannot have a room.
 * @throws PeekError `STORAGE_REFUSED` when the account may not create schemas; and what `pg` throws.
 */
export async function makeRooms(
  client: ClientBase,
  target: ConnectionTarget,
  facts: ServerFacts,
  plugins: readonly string[],
  seen: Catalogue | undefined,
  logger: Logger,
): Promise<{ readonly catalogue: Catalogue; readonly refused: RefusedRooms }> {
  if (!facts.createsRoles && plugins.some((plugin) => seen?.rooms.get(plugin)?.role === undefined)) {
    logger.warning(
      "The account %s may not create roles: plugins share it, and nothing keeps one from the tables of another. To give each a role of its own, run ALTER ROLE %s CREATEROLE on the server, and restart logic",
      target.user,
      escapeIdentifier(target.user),
    );
  }
  if (seen !== undefined && plugins.every((plugin) => isMade(seen.rooms.get(plugin), facts))) {
    return { catalogue: seen, refused: new Map() };
  }
  await client.query("BEGIN");
  try {
    const { catalogue, refused, made } = await makeRoomsWithin(client, target, facts, plugins, logger);
    if (seen === undefined) await closePublicSchema(client, logger);
    await client.query("COMMIT");
    if (made.length > 0) logger.debug("Made the schemas of %s", made.join(", "));
    return { catalogue, refused };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/**
 * What {@link makeRooms} does, within the transaction that is open: taken back with that, roles too.
 *
 * @throws PeekError as {@link makeRooms}; the transaction has failed then.
 */
export async function makeRoomsWithin(
  client: ClientBase,
  target: ConnectionTarget,
  facts: ServerFacts,
  plugins: readonly string[],
  logger: Logger,
): Promise<{ readonly catalogue: Catalogue; readonly refused: RefusedRooms; readonly made: readonly string[] }> {
  const { user, database } = target;
  if (!facts.createsSchemas) {
    throw new PeekError(
      "STORAGE_REFUSED",
      `The account ${user} may not create schemas in the database ${database}. Give it the right: GRANT CREATE ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(user)}.`,
      { fields: { user, database } },
    );
  }
  await takeLock(client, logger);
  // Another service may have been here while the lock was waited for.
  const { secret, rooms, applied } = await catalogueOf(client);
  const missing = plugins.filter((plugin) => !isMade(rooms.get(plugin), facts));
  const planned = missing.map((plugin) => plannedRoom(plugin, database, facts, rooms.get(plugin)));
  const roles = await presentRoles(
    client,
    planned.map(({ role }) => role).filter((role) => role !== undefined),
  );
  const refused = new Map(await refusedSchemas(client, planned, rooms, applied));
  for (const { plugin, role } of planned) {
    const refusal = role === undefined ? undefined : claimRefusal(plugin, role, roles);
    if (refusal !== undefined && !refused.has(plugin)) refused.set(plugin, refusal);
  }
  const drafts = await Promise.all(
    planned
      .filter(({ plugin }) => !refused.has(plugin))
      .map(async (room) => ({ room, sql: await roomSql(room, rooms.has(room.plugin), database, secret, roles) })),
  );
  for (const [plugin, error] of await makeDrafts(client, user, drafts, roles)) refused.set(plugin, error);
  const made = missing.filter((plugin) => !refused.has(plugin));
  const catalogue = await readCatalogue(client);
  if (catalogue === undefined) throw new PeekError("INTERNAL", "Peek's own tables are gone within a transaction.");
  return { catalogue, refused, made };
}

/** Whether a room has all that it can have: also a role, if one can be made now. */
function isMade(room: Room | undefined, facts: ServerFacts): boolean {
  return room?.complete === true && (room.role !== undefined || !facts.createsRoles);
}

/** The room that a plugin has, or would be given. */
export function plannedRoom(plugin: string, database: string, facts: ServerFacts, room: Room | undefined): Room {
  if (room !== undefined && (room.role !== undefined || !facts.createsRoles)) return room;
  const schema = schemaNameOf(plugin);
  const role = facts.createsRoles ? roleNameOf(database, schema) : undefined;
  return { plugin, schema, role, complete: false };
}

/** What is recorded; where nothing is, the tables for it are made. */
async function catalogueOf(client: ClientBase): Promise<Catalogue> {
  await client.query("SAVEPOINT look");
  const found = await readCatalogue(client);
  if (found !== undefined) return found;
  await client.query("ROLLBACK TO SAVEPOINT look");
  const secret = await makeLayout(client);
  return { secret, copyBeganAt: undefined, rooms: new Map(), applied: new Map() };
}

/** Schemas that are there but are nobody's room; and those that were somebody's and are not there. */
async function refusedSchemas(
  client: ClientBase,
  planned: readonly Room[],
  rooms: Catalogue["rooms"],
  applied: Catalogue["applied"],
): Promise<RefusedRooms> {
  const { rows } = await client.query<{ readonly nspname: string }>(
    "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)",
    [planned.map(({ schema }) => schema)],
  );
  const present = new Set(rows.map(({ nspname }) => nspname));
  const refused = new Map<string, PeekError>();
  for (const { plugin, schema } of planned) {
    const isKnown = rooms.has(plugin);
    if (!isKnown && present.has(schema)) refused.set(plugin, schemaTaken(plugin, schema));
    // Without any there was nothing in it that Peek knows of.
    if (isKnown && !present.has(schema) && applied.has(plugin)) refused.set(plugin, schemaGone(plugin, schema));
  }
  return refused;
}

function schemaTaken(plugin: string, schema: string): PeekError {
  return new PeekError(
    "STORAGE_SCHEMA_TAKEN",
    `The schema ${schema}, which ${plugin} is to have, is in the database already, and Peek did not make it. Rename or drop it, or use another database.`,
    { fields: { plugin, schema } },
  );
}

function schemaGone(plugin: string, schema: string): PeekError {
  const name = escapeLiteral(plugin);
  return new PeekError(
    "STORAGE_SCHEMA_GONE",
    `The schema ${schema} of ${plugin} is not in the database any more, though its migrations were applied. Restore it from a backup. To begin anew without what was in it: DELETE FROM peek_platform.migration WHERE plugin = ${name}; DELETE FROM peek_platform.plugin WHERE name = ${name};`,
    { fields: { plugin, schema } },
  );
}

/** Waits for whoever has the lock by asking again: a server that is only asked has something to answer. */
async function takeLock(client: ClientBase, logger: Logger): Promise<void> {
  for (let isTold = false; ; isTold = true) {
    const { rows } = await client.query<{ readonly taken: boolean }>(
      `SELECT pg_catalog.pg_try_advisory_xact_lock(${lockSpace}, ${roomsLock}) AS taken`,
    );
    if (rows[0]?.taken === true) return;
    if (!isTold) logger.info("Another process is making schemas; waiting for that");
    await wait(lockPauseMs);
  }
}
