import { messageOf, PeekError } from "@peek/errors";
import type { EmbeddedConnection } from "./EmbeddedConnection.ts";

const connectWithinMs = 30_000;

/**
 * Connects once, which shows that clients can, and sees to the database that Peek works in. A new server has one called
 * postgres, which becomes it: a copy of a template would take longer, and leave two.
 *
 * @param isNew Whether the server's data has just been made, so that the database cannot be there yet.
 * @param passwordFile For the message.
 * @throws PeekError `STORAGE_EMBEDDED_FAILED`
 */
export async function ensureDatabase(
  connection: EmbeddedConnection,
  isNew: boolean,
  passwordFile: string,
): Promise<void> {
  try {
    if (!isNew && (await isThere(connection))) return;
    await query({ ...connection, database: "template1" }, [
      "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC",
      // Last: that the database is there says that all of this was done.
      `ALTER DATABASE postgres RENAME TO ${connection.database}`,
    ]);
  } catch (cause) {
    const advice = hasCode(cause, "28P01")
      ? ` The password in ${passwordFile} is not that of the database: remove the file and start again, and a new one is set.`
      : "";
    throw new PeekError(
      "STORAGE_EMBEDDED_FAILED",
      `The embedded PostgreSQL at ${connection.host} runs, but its database ${connection.database} cannot be used: ${messageOf(cause)}.${advice}`,
      { cause, fields: { host: connection.host, database: connection.database } },
    );
  }
}

async function isThere(connection: EmbeddedConnection): Promise<boolean> {
  try {
    await query(connection, []);
    return true;
  } catch (error) {
    // No such database.
    if (hasCode(error, "3D000")) return false;
    throw error;
  }
}

async function query(connection: EmbeddedConnection, statements: readonly string[]): Promise<void> {
  // While the server starts there is time to import it.
  const { Client } = await import("pg");
  // With options of its own, so that those of the user's shell are not used.
  const options = "-c search_path=pg_catalog";
  const client = new Client({ ...connection, ssl: false, options, connectionTimeoutMillis: connectWithinMs });
  // What ends the connection while nothing is asked is told by the next statement.
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
