import { createHash } from "node:crypto";
import pg from "pg";

/** Runs SQL, and returns the rows. */
export type ServerQuery = (
  sql: string,
  values?: readonly unknown[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** The PostgreSQL server of a run of tests. */
export interface TestServer {
  /** The prefix of the names of all databases and roles of this run. */
  readonly prefix: string;
  /** Runs one statement in the server's own database. */
  readonly query: ServerQuery;
  /** Runs several statements on one connection: most of the time of a short statement is that of its connection. */
  connect<T>(work: (query: ServerQuery) => Promise<T>): Promise<T>;
  /** Runs work while no other process of the run does the same. */
  exclusively(name: string, work: () => Promise<void>): Promise<void>;
  /** The URL of a database on it. */
  urlOf(database: string): string;
}

/** The environment variables that pass the server to the processes of a run. */
const urlVariable = "PEEK_TEST_DATABASE_URL";
const prefixVariable = "PEEK_TEST_DATABASE_PREFIX";

/** Whether this run of tests has a server. */
export function hasTestServer(): boolean {
  return process.env[urlVariable] !== undefined;
}

/** Sets the server for this process and its child processes. */
export function setTestServer(url: string, prefix: string): void {
  process.env[urlVariable] = url;
  process.env[prefixVariable] = prefix;
}

/** @throws Error when the run has no server. */
export function testServer(): TestServer {
  const url = process.env[urlVariable];
  const prefix = process.env[prefixVariable] ?? "peek_test";
  if (url === undefined) {
    throw new Error(
      'This run of tests has no PostgreSQL server. Add @peek/testing/vitest/globalSetup to "globalSetup", and @peek/testing/vitest/setup to "setupFiles", of vitest.config.ts.',
    );
  }
  return serverAt(url, prefix);
}

/** The server at a URL. Each call opens and closes a connection. */
export function serverAt(url: string, prefix: string): TestServer {
  const connect = <T>(work: (query: ServerQuery) => Promise<T>): Promise<T> =>
    withClient(url, (client) =>
      work(async (sql, values) => (await client.query<Record<string, unknown>>(sql, [...(values ?? [])])).rows),
    );
  return {
    prefix,
    query: (sql, values) => connect((query) => query(sql, values)),
    connect,
    exclusively: (name, work) =>
      withClient(url, async (client) => {
        const key = createHash("sha256").update(name).digest().readInt32BE();
        // The lock is released when the connection closes.
        await client.query("SELECT pg_advisory_lock($1)", [key]);
        await work();
      }),
    urlOf: (database) => withDatabase(url, database),
  };
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  // The URL of a socket has no host, which the class URL refuses.
  return url.replace(/^([a-z]+:\/\/[^/]*\/)[^?]*/, `$1${database}`);
}
