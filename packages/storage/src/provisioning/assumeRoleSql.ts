import { escapeIdentifier } from "pg";
import type { PluginSchema } from "../catalogue/readCatalogue.ts";

/**
 * SQL that gives the rest of the transaction the rights of the plugin: its role, if it has one, and its search path. Code
 * of the plugin, such as a function in a constraint, runs whenever its tables are used.
 */
export function assumeRoleSql({ schema, role }: Pick<PluginSchema, "schema" | "role">): string {
  const setRole = role === undefined ? "" : `SET LOCAL ROLE ${escapeIdentifier(role)};`;
  return `${setRole} SET LOCAL search_path TO ${escapeIdentifier(schema)};`;
}

/** SQL that undoes {@link assumeRoleSql}. */
export const resetRoleSql = "RESET ROLE; SET LOCAL search_path TO pg_catalog;";
