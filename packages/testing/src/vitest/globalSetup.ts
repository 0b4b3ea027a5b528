import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmbeddedServer } from "@peek/storage";
import type { TestProject } from "vitest/node";
import { serverAt } from "../TestServer.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The PostgreSQL server of the run, and the prefix of its databases. */
    peekTestServer: { readonly url: string; readonly prefix: string } | undefined;
  }
}

/**
 * For vitest's `globalSetup`: starts a PostgreSQL server for the run of a project's tests, and removes it at the end. It runs
 * without durability, which makes it fast.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "peek-test-server-"));
  const log = (): void => undefined;
  const server = await EmbeddedServer.open({
    dir,
    logger: { debug: log, info: log, warning: log, error: log, critical: log, isLevelEnabled: () => false },
    maxConnections: 500,
    settings: { fsync: "off", synchronous_commit: "off", full_page_writes: "off" },
  });
  const { host, port, user, password, database } = server.connection;
  const at = host.startsWith("/")
    ? `/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `${host}:${port}/${database}`;
  project.provide("peekTestServer", { url: `postgresql://${user}:${password}@${at}`, prefix: testPrefix() });
  return async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
}

/** A prefix for the names of a run's databases. */
export function testPrefix(): string {
  return `peek_test_${randomBytes(4).toString("hex")}`;
}

/** Drops all databases and roles of a run from a permanent server. */
export async function dropAllOf(url: string, prefix: string): Promise<void> {
  const server = serverAt(url, prefix);
  const like = `${prefix.replaceAll("_", String.raw`\_`)}%`;
  for (const { datname } of await server.query("SELECT datname FROM pg_database WHERE datname LIKE $1", [like])) {
    await server.query(`DROP DATABASE ${String(datname)} WITH (FORCE)`);
  }
  for (const { rolname } of await server.query("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", [like])) {
    await server.query(`DROP ROLE ${String(rolname)}`);
  }
}
