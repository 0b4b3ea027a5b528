import { PeekError } from "@peek/errors";
import { type ClientBase, escapeIdentifier } from "pg";
import { z } from "zod";

/** Roles that are on the server, with the rights of each that no plugin may have. */
export type PresentRoles = ReadonlyMap<string, readonly string[]>;

const query = `
  SELECT rolname AS name, array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'SUPERUSER' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
    CASE WHEN rolcreatedb THEN 'CREATEDB' END,
    CASE WHEN rolreplication THEN 'REPLICATION' END,
    CASE WHEN rolbypassrls THEN 'BYPASSRLS' END
  ], NULL) AS rights
  FROM pg_catalog.pg_roles
  WHERE rolname = ANY($1)
`;

const rowsSchema = z.array(z.object({ name: z.string(), rights: z.array(z.string()) }));

/** Which of some roles are there. */
export async function presentRoles(client: ClientBase, names: readonly string[]): Promise<PresentRoles> {
  const { rows } = await client.query<Record<string, unknown>>(query, [names]);
  return new Map(rowsSchema.parse(rows).map(({ name, rights }) => [name, rights]));
}

/** Why a role that is there is not given to a plugin; undefined when it is, as one that a backup was without. */
export function claimRefusal(plugin: string, role: string, roles: PresentRoles): PeekError | undefined {
  const rights = roles.get(role) ?? [];
  if (rights.length === 0) return undefined;
  const without = rights.map((right) => `NO${right}`).join(" ");
  return roleTaken(
    plugin,
    role,
    `is on the server already, with rights that no plugin gets: ${rights.join(", ")}. Drop or rename it; or, if nobody else uses it, run ALTER ROLE ${escapeIdentifier(role)} ${without}.`,
  );
}

/** Why a role that is there could not be given to a plugin: the account may not alter it. */
export function claimDenied(plugin: string, role: string, user: string, said: string, cause: unknown): PeekError {
  return roleTaken(
    plugin,
    role,
    `is on the server already, and ${user} may not make it the plugin's: ${said}. Drop or rename it; or let a superuser run GRANT ${escapeIdentifier(role)} TO ${escapeIdentifier(user)} WITH ADMIN OPTION.`,
    cause,
  );
}

function roleTaken(plugin: string, role: string, why: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_ROLE_TAKEN", `The role ${role}, which ${plugin} is to have, ${why}`, {
    cause,
    fields: { plugin, role },
  });
}
