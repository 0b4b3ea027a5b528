import { EmbeddedServer } from "@peek/storage";
import pg from "pg";
import { silentLogger } from "../storage/silentLogger.ts";

/** A separate server with an empty database, started like the logic service's. */
export interface LiveDatabase extends AsyncDisposable {
  readonly connectUrl: string;
  /** Executes statements as the database's owner. */
  execute(statements: string): Promise<void>;
}

/** Opens one. @param settings Further settings of PostgreSQL. */
export async function openLiveDatabase(
  dir: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<LiveDatabase> {
  const server = await EmbeddedServer.open({ dir, logger: silentLogger, maxConnections: 100, settings });
  const { host, port, user, password, database } = server.connection;
  const connectUrl = `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  return {
    connectUrl,
    execute: async (statements) => {
      const client = new pg.Client({ connectionString: connectUrl });
      await client.connect();
      await client.query(statements);
      await client.end();
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
