import { createHash, createHmac } from "node:crypto";

/** The maximum length of an identifier in PostgreSQL. */
const maxNameBytes = 63;

/** The name of a plugin's schema: `pl_x` for `peek_plugin_x`, `core_x` for `peek_core_x`. */
export function schemaNameOf(plugin: string): string {
  return shortened(plugin.replace(/^peek_plugin_/, "pl_").replace(/^peek_core_/, "core_"));
}

/** The name of a plugin's login role. Roles belong to the whole server, so that the name includes the database's. */
export function roleNameOf(database: string, schema: string): string {
  return shortened(`${database}_${schema}`);
}

/** The password of a role, derived from a secret that only the owner of the database can read. */
export function rolePassword(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("base64url");
}

/** Shortens a name that PostgreSQL would truncate to its beginning and a hash. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  // Only the database's name may have characters outside of ASCII, which must not be split.
  let head = name.slice(0, maxNameBytes - hash.length - 1);
  while (Buffer.byteLength(head) > maxNameBytes - hash.length - 1 || !head.isWellFormed()) head = head.slice(0, -1);
  return `${head}_${hash}`;
}
