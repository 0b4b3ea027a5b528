import pg from "pg";
import type { TestProject } from "vitest/node";
import { dropAllOf, testPrefix } from "../packages/testing/src/vitest/globalSetup.ts";

/** The server of the tests that need a given one: an account on it that may create databases and roles. */
const url = process.env["PEEK_TEST_POSTGRESQL"] ?? "postgresql://postgres@127.0.0.1:5432/postgres";

/** A pattern that no test's name matches: all tests are skipped, with their beforeAll(). */
const nothing = /(?!)/;

/**
 * Looks for the server. Without one, each test of the projects that need it is skipped; in CI, the run fails.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const failure = await tryConnect();
  if (failure === undefined) {
    const prefix = testPrefix();
    project.provide("peekTestServer", { url, prefix });
    return () => dropAllOf(url, prefix);
  }
  if (process.env["CI"] !== undefined) {
    throw new Error(
      `The tests need a PostgreSQL server in CI, and none answers (${failure}). Set PEEK_TEST_POSTGRESQL.`,
    );
  }
  project.provide("peekTestServer", undefined);
  if (project.name.endsWith("on a given server")) project.config.testNamePattern = nothing;
  return undefined;
}

async function tryConnect(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    return String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
