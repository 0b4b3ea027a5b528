import { messageOf, PeekError } from "@peek/errors";
import type { EmbeddedConnection } from "./EmbeddedConnection.ts";

const connectTimeoutMs = 30_000;

/**
 * Connects to the server, and makes sure that Peek's database exists. It renames the database postgres of a new server:
 * creating a copy of a template would take longer.
 *
 * @param isNew Whether the server's data has just been created, so that the database cannot exist yet.
 * @param passwordFile The file that the error message names.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`
 */
export async function ensureDatabase(
  connection: EmbeddedConnection,
  isNew: boolean,
  passwordFile: string,
): Promise<void> {
  try {
    if (!isNew && (await exists(connection))) return;
    await query({ ...connection, database: "template1" }, [
      "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC",
      // Last, because the existence of the database marks all of this as done.
      `ALTER DATABASE postgres RENAME TO ${connection.database}`,
    ]);
  } catch (cause) {
    const advice = hasCode(cause, "28P01")
      ? ` The password in ${passwordFile} does not match the database: remove the file and start again to set a new password.`
      : "";
    throw new PeekError(
      "STORAGE_EMBEDDED_FAILED",
      `The embedded PostgreSQL at ${connection.host} is running, but its database ${connection.database} cannot be used: ${messageOf(cause)}.${advice}`,
      { cause, fields: { host: connection.host, database: connection.database } },
    );
  }
}

async function exists(connection: EmbeddedConnection): Promise<boolean> {
  try {
    await query(connection, []);
    return true;
  } catch (error) {
    // The database does not exist.
    if (hasCode(error, "3D000")) return false;
    throw error;
  }
}

async function query(connection: EmbeddedConnection, statements: readonly string[]): Promise<void> {
  // Imported here, while the server starts.
  const { Client } = await import("pg");
  // Overrides PGOPTIONS of the user's shell.
  const options = "-c search_path=pg_catalog";
  const client = new Client({ ...connection, ssl: false, options, connectionTimeoutMillis: connectTimeoutMs });
  // If the connection is lost between statements, the next statement fails.
  client.on("error", () => undefined);
  try {
    await client.connect();
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
