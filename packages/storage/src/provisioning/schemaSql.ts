import { escapeIdentifier, escapeLiteral } from "pg";
import type { PluginSchema } from "../catalogue/readCatalogue.ts";
import { transferOwnershipSql } from "./transferOwnershipSql.ts";
import { rolePassword } from "./names.ts";
import type { ExistingRoles } from "./existingRoles.ts";
import { scramVerifier } from "./scramVerifier.ts";

/** SQL that sets the password of a role. */
export async function passwordSql(role: string, secret: string): Promise<string> {
  const verifier = await scramVerifier(rolePassword(secret, role));
  return `ALTER ROLE ${escapeIdentifier(role)} LOGIN PASSWORD ${escapeLiteral(verifier)};`;
}

/**
 * SQL that creates the missing parts of a plugin's schema: all of it, or the role after a restore without roles.
 *
 * @param isKnown Whether the catalogue has the schema.
 */
export async function schemaSql(
  { plugin, schema, role }: PluginSchema,
  isKnown: boolean,
  database: string,
  secret: string,
  roles: ExistingRoles,
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
    ${isKnown ? transferOwnershipSql(schema, role) : ""}
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
