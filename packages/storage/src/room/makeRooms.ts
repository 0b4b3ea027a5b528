import { randomBytes } from "node:crypto";
import { PeekError } from "@peek/errors";
import type { Logger } from "@peek/plugin-base";
import { type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { layoutSql } from "../catalogue/layout.ts";
import { type Catalogue, readCatalogue, type Room } from "../catalogue/readCatalogue.ts";
import type { ServerFacts } from "../catalogue/readServerFacts.ts";
import type { ConnectionTarget } from "../connection/ConnectionTarget.ts";
import { handOverSql } from "./handOverSql.ts";
import { roleNameOf, rolePassword, schemaNameOf } from "./names.ts";

/** A number of ours among those of other programs' advisory locks in the same database: "peek". */
export const lockSpace = 0x7065656b;
/** The lock under which rooms are made. */
const roomsLock = 0;

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
    const { catalogue, refused, made } = await makeRoomsWithin(client, target, facts, plugins);
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
): Promise<{ readonly catalogue: Catalogue; readonly refused: RefusedRooms; readonly made: readonly string[] }> {
  const { user, database } = target;
  if (!facts.createsSchemas) {
    throw new PeekError(
      "STORAGE_REFUSED",
      `The account ${user} may not create schemas in the database ${database}. Give it the right: GRANT CREATE ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(user)}.`,
      { fields: { user, database } },
    );
  }
  await client.query(`SELECT pg_catalog.pg_advisory_xact_lock(${lockSpace}, ${roomsLock})`);
  // Another service may have been here while the lock was waited for.
  const { secret, rooms } = await catalogueOf(client);
  const missing = plugins.filter((plugin) => !isMade(rooms.get(plugin), facts));
  const refused = await takenSchemas(client, missing, rooms);
  const made = missing.filter((plugin) => !refused.has(plugin));
  const roles = await existingRoles(client);
  const statements = made.map((plugin) => roomSql(plugin, rooms.get(plugin), database, facts, secret, roles));
  if (statements.length > 0) await client.query(statements.join(""));
  const catalogue = await readCatalogue(client);
  if (catalogue === undefined) throw new PeekError("INTERNAL", "Peek's own tables are gone within a transaction.");
  return { catalogue, refused, made };
}

/** Whether a room has all that it can have: also a role, if one can be made now. */
function isMade(room: Room | undefined, facts: ServerFacts): boolean {
  return room?.complete === true && (room.role !== undefined || !facts.createsRoles);
}

/** Gives a role its password again. */
export function passwordSql(role: string, secret: string): string {
  return `ALTER ROLE ${escapeIdentifier(role)} LOGIN PASSWORD ${escapeLiteral(rolePassword(secret, role))};`;
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
  const secret = randomBytes(32).toString("base64url");
  await client.query(layoutSql(secret));
  return { secret, copyBeganAt: undefined, rooms: new Map(), applied: new Map() };
}

/** Schemas that are there but are nobody's room. */
async function takenSchemas(
  client: ClientBase,
  plugins: readonly string[],
  rooms: ReadonlyMap<string, Room>,
): Promise<RefusedRooms> {
  const fresh = plugins.filter((plugin) => !rooms.has(plugin));
  const { rows } = await client.query<{ readonly nspname: string }>(
    "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)",
    [fresh.map(schemaNameOf)],
  );
  const taken = new Set(rows.map(({ nspname }) => nspname));
  return new Map(
    fresh
      .filter((plugin) => taken.has(schemaNameOf(plugin)))
      .map((plugin) => {
        const schema = schemaNameOf(plugin);
        const message = `The schema ${schema}, which ${plugin} is to have, is in the database already, and Peek did not make it. Rename or drop it, or use another database.`;
        return [plugin, new PeekError("STORAGE_SCHEMA_TAKEN", message, { fields: { plugin, schema } })];
      }),
  );
}

async function existingRoles(client: ClientBase): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ readonly rolname: string }>("SELECT rolname FROM pg_catalog.pg_roles");
  return new Set(rows.map(({ rolname }) => rolname));
}

/** Makes what a plugin's room lacks: all of it, or what a restored database came without. */
function roomSql(
  plugin: string,
  room: Room | undefined,
  database: string,
  facts: ServerFacts,
  secret: string,
  roles: ReadonlySet<string>,
): string {
  const { schema, role } = plannedRoom(plugin, database, facts, room);
  const schemaName = escapeIdentifier(schema);
  if (role === undefined) {
    return `
      CREATE SCHEMA IF NOT EXISTS ${schemaName};
      ${recordSql(plugin, schema, undefined)}
    `;
  }
  const roleName = escapeIdentifier(role);
  return `
    ${roles.has(role) ? "" : `CREATE ROLE ${roleName};`}
    ${passwordSql(role, secret)}
    GRANT ${roleName} TO CURRENT_USER;
    GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${roleName};
    CREATE SCHEMA IF NOT EXISTS ${schemaName} AUTHORIZATION ${roleName};
    ${room === undefined ? "" : handOverSql(schema, role)}
    ${recordSql(plugin, schema, role)}
  `;
}

function recordSql(plugin: string, schema: string, role: string | undefined): string {
  const values = [plugin, schema].map((each) => escapeLiteral(each));
  return `
    INSERT INTO peek_platform.plugin (name, schema, role)
      VALUES (${values.join(", ")}, ${role === undefined ? "NULL" : escapeLiteral(role)})
      ON CONFLICT (name) DO UPDATE SET role = excluded.role;
  `;
}
