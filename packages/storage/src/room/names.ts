import { createHash, createHmac } from "node:crypto";

/** What PostgreSQL keeps of a name; bytes. */
const maxName = 63;

/** The schema of a plugin: `peek_plugin_x` has `pl_x`, `peek_core_x` has `core_x`. */
export function schemaNameOf(plugin: string): string {
  return fitted(plugin.replace(/^peek_plugin_/, "pl_").replace(/^peek_core_/, "core_"));
}

/** The login role of a plugin. Roles are the whole server's, so that the database's name is part of it. */
export function roleNameOf(database: string, schema: string): string {
  return fitted(`${database}_${schema}`);
}

/** The password of a role: made from a secret that only the owner of the database can read. */
export function rolePassword(secret: string, role: string): string {
  return createHmac("sha256", secret).update(role).digest("base64url");
}

/** A name as it is, or its beginning and a hash of it when PostgreSQL would cut it off. */
function fitted(name: string): string {
  if (Buffer.byteLength(name) <= maxName) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  // The names are ASCII but for the database's, of which no half character may be left.
  let head = name.slice(0, maxName - hash.length - 1);
  while (Buffer.byteLength(head) > maxName - hash.length - 1 || !head.isWellFormed()) head = head.slice(0, -1);
  return `${head}_${hash}`;
}
