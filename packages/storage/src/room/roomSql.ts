import { escapeIdentifier, escapeLiteral } from "pg";
import type { Room } from "../catalogue/readCatalogue.ts";
import { handOverSql } from "./handOverSql.ts";
import { rolePassword } from "./names.ts";
import type { PresentRoles } from "./roleClaims.ts";
import { scramVerifier } from "./scramVerifier.ts";

/** Gives a role its password again. */
export async function passwordSql(role: string, secret: string): Promise<string> {
  const verifier = await scramVerifier(rolePassword(secret, role));
  return `ALTER ROLE ${escapeIdentifier(role)} LOGIN PASSWORD ${escapeLiteral(verifier)};`;
}

/**
 * Makes what a plugin's room lacks: all of it, or what a restored database came without.
 *
 * @param isKnown Whether the room is recorded.
 */
export async function roomSql(
  { plugin, schema, role }: Room,
  isKnown: boolean,
  database: string,
  secret: string,
  roles: PresentRoles,
): Promise<string> {
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
    ${await passwordSql(role, secret)}
    GRANT ${roleName} TO CURRENT_USER;
    GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${roleName};
    CREATE SCHEMA IF NOT EXISTS ${schemaName} AUTHORIZATION ${roleName};
    ${isKnown ? handOverSql(schema, role) : ""}
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
