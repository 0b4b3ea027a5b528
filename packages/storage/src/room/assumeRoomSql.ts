import { escapeIdentifier } from "pg";
import type { Room } from "../catalogue/readCatalogue.ts";

/**
 * Has what follows in the transaction run as the plugin itself would: by its role, if it has one, and with the names of
 * its schema. What a plugin has written, a function in a constraint, runs whenever its tables are touched.
 */
export function assumeRoomSql({ schema, role }: Pick<Room, "schema" | "role">): string {
  const setRole = role === undefined ? "" : `SET LOCAL ROLE ${escapeIdentifier(role)};`;
  return `${setRole} SET LOCAL search_path TO ${escapeIdentifier(schema)};`;
}

/** Ends what {@link assumeRoomSql} began. */
export const leaveRoomSql = "RESET ROLE; SET LOCAL search_path TO pg_catalog;";
