import { PeekError } from "@peek/errors";
import { type ClientBase, escapeIdentifier } from "pg";
import { z } from "zod";

/** Roles that exist on the server, each with those of its rights that no plugin may have. */
export type ExistingRoles = ReadonlyMap<string, readonly string[]>;

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

/** Reads which of some roles exist. */
export async function readExistingRoles(client: ClientBase, names: readonly string[]): Promise<ExistingRoles> {
  const { rows } = await client.query<Record<string, unknown>>(query, [names]);
  return new Map(rowsSchema.parse(rows).map(({ name, rights }) => [name, rights]));
}

/** The error when a plugin must not get an existing role; undefined when it may, for example after a restore without roles. */
export function roleRefusal(plugin: string, role: string, roles: ExistingRoles): PeekError | undefined {
  const rights = roles.get(role) ?? [];
  if (rights.length === 0) return undefined;
  const without = rights.map((right) => `NO${right}`).join(" ");
  return roleTaken(
    plugin,
    role,
    `exists on the server already, with rights that a plugin must not have: ${rights.join(", ")}. Drop or rename it; or, if nothing else uses it, run ALTER ROLE ${escapeIdentifier(role)} ${without}.`,
  );
}

/** The error when a plugin cannot get an existing role, because the account may not alter it. */
export function roleDenied(plugin: string, role: string, user: string, message: string, cause: unknown): PeekError {
  return roleTaken(
    plugin,
    role,
    `exists on the server already, and ${user} may not alter it: ${message}. Drop or rename it; or have a superuser run GRANT ${escapeIdentifier(role)} TO ${escapeIdentifier(user)} WITH ADMIN OPTION.`,
    cause,
  );
}

function roleTaken(plugin: string, role: string, reason: string, cause?: unknown): PeekError {
  return new PeekError("STORAGE_ROLE_TAKEN", `The role ${role}, which ${plugin} needs, ${reason}`, {
    cause,
    fields: { plugin, role },
  });
}
