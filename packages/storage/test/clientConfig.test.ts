import { expect, it, vi } from "vitest";
import { clientConfig } from "../src/connection/clientConfig.ts";
import { SessionClient } from "../src/connection/SessionClient.ts";
import { type ConnectionTarget, parseConnectUrl } from "../src/connection/ConnectionTarget.ts";
import { openTestDatabase } from "./testing.ts";

async function isReadOnly(target: ConnectionTarget): Promise<unknown> {
  const client = new SessionClient(clientConfig(target, { applicationName: "peek test", connectTimeoutMs: 5000 }));
  try {
    await client.connect();
    return (await client.query("SHOW default_transaction_read_only")).rows;
  } finally {
    await client.end();
  }
}

it("A connection ignores the environment variables of PostgreSQL's programs", async (context) => {
  await using database = await openTestDatabase();
  const target = parseConnectUrl(database.connectUrl);
  context.skip(target.password === undefined, "the server asks nobody for a password");
  vi.stubEnv("PGPASSWORD", target.password);
  vi.stubEnv("PGOPTIONS", "-c default_transaction_read_only=on");
  try {
    expect(await isReadOnly(target)).toEqual([{ default_transaction_read_only: "off" }]);
    await expect(isReadOnly({ ...target, password: undefined })).rejects.toThrow("password");
  } finally {
    vi.unstubAllEnvs();
  }
});
