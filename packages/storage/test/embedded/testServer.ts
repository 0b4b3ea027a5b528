import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type QueryResultRow } from "pg";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { EmbeddedConnection } from "../../src/embedded/EmbeddedConnection.ts";
import { EmbeddedServer } from "../../src/embedded/EmbeddedServer.ts";
import { TestLog } from "./TestLog.ts";

/** Settings that make tests fast, without safety against a loss of power. */
export const quick: Readonly<Record<string, string>> = { fsync: "off" };

/** Opens a server, which is stopped when the test ends. */
export async function openServer(
  dir: string,
  log = new TestLog(),
  settings: Readonly<Record<string, string>> = quick,
): Promise<EmbeddedServer> {
  const server = await EmbeddedServer.open({ dir, logger: log, maxConnections: 20, settings });
  onTestFinished(() => server.stop());
  return server;
}

/** Runs statements on one connection. @returns The rows of the last one. */
export async function query(
  connection: EmbeddedConnection,
  ...statements: readonly string[]
): Promise<readonly QueryResultRow[]> {
  const client = new Client({ ...connection, ssl: false });
  client.on("error", () => undefined);
  await client.connect();
  try {
    let rows: readonly QueryResultRow[] = [];
    for (const statement of statements) rows = (await client.query<QueryResultRow>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/**
 * Creates one database for all tests of a file, in which the table t has the row 1.
 *
 * @returns A function that fills a folder with a copy of it, as a stopped server has left it.
 */
export function madeOnce(): (dir: string) => void {
  let made = "";
  beforeAll(async () => {
    made = mkdtempSync(join(tmpdir(), "peek-"));
    await using server = await EmbeddedServer.open({
      dir: made,
      logger: new TestLog(),
      maxConnections: 20,
      settings: quick,
    });
    await query(server.connection, "CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)");
  });
  afterAll(() => rmSync(made, { recursive: true, force: true }));
  return (dir) => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Keeps the modes, as PostgreSQL requires.
    execFileSync("cp", ["-a", `${made}/.`, dir]);
  };
}

/** The numbers in table t. */
export async function numbers(connection: EmbeddedConnection): Promise<readonly unknown[]> {
  const rows = await query(connection, "SELECT i FROM t ORDER BY i");
  return rows.map((row) => row["i"]);
}
