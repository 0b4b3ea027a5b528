import { randomBytes } from "node:crypto";
import pg from "pg";

/** A database on an existing server, for one run outside the tests. */
export interface OwnDatabase extends AsyncDisposable {
  /** For `storage.connectUrl`. */
  readonly connectUrl: string;
}

/** The server, the same as for the tests on a given server. */
const serverUrl = process.env["PEEK_TEST_POSTGRESQL"] ?? "postgresql://postgres@127.0.0.1:5432/postgres";

/** Makes a database. Disposing it drops it, with the roles that services have made for it. */
export async function openOwnDatabase(): Promise<OwnDatabase> {
  const name = `peek_soak_${randomBytes(4).toString("hex")}`;
  await onServer((client) => client.query(`CREATE DATABASE ${name}`));
  return {
    connectUrl: serverUrl.replace(/^([a-z]+:\/\/[^/]*\/)[^?]*/, `$1${name}`),
    [Symbol.asyncDispose]: async () =>
      onServer(async (client) => {
        await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        const roles = await client.query<{ role: string }>(
          "SELECT quote_ident(rolname) AS role FROM pg_roles WHERE starts_with(rolname, $1)",
          [`${name}_`],
        );
        for (const { role } of roles.rows) await client.query(`DROP ROLE ${role}`);
      }),
  };
}

async function onServer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
