import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FolderSource, type PluginInfo, resolvePlugin } from "@peek/loader";
import { storagePluginOf } from "@peek/platform";
import { pluginNameOf } from "@peek/plugin-base";
import { Storage } from "@peek/storage";
import { serviceConfigSchema } from "@peek/config";
import pg from "pg";
import { z } from "zod";
import { type ServerQuery, testServer, type TestServer } from "./TestServer.ts";

/** The initial content of a test's database. */
export interface TestDatabaseOptions {
  /**
   * The plugins whose migrated schemas it contains: folders of packages. They are migrated once in a run of tests; each test's
   * database is a copy. Default: none, the database is empty.
   */
  readonly plugins?: readonly string[];
}

/** A database of one test, or of one file of tests. Dispose it after everything that uses it. */
export interface TestDatabase extends AsyncDisposable {
  /** For `storage.connectUrl`. */
  readonly connectUrl: string;
  /** Runs SQL as the owner of the database, and returns the rows. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Drops the database.
   *
   * @throws Error with the connections that are still open.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long to wait for connections to close. */
const closeMs = 2000;

/**
 * Creates a database for a test within milliseconds: a copy of a template that is created once.
 *
 * @throws Error when the run of tests has no server; `@peek/testing/vitest` starts one.
 */
export async function openTestDatabase({ plugins = [] }: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = testServer();
  const name = `${server.prefix}_${randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const template = plugins.length === 0 ? "template0" : await templateOf(server, plugins);
  await server.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const connectUrl = server.urlOf(name);
  const pool = new pg.Pool({ connectionString: connectUrl, max: 2, idleTimeoutMillis: 100 });
  pool.on("error", () => undefined);
  return {
    connectUrl,
    query: async (sql, values) => (await pool.query<Record<string, unknown>>(sql, [...(values ?? [])])).rows,
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      const left = await server.connect(async (query) => {
        const open = await connectionsTo(query, name);
        await query(`DROP DATABASE ${name} WITH (FORCE)`);
        await dropRolesOf(query, name);
        return open;
      });
      if (left.length === 0) return;
      throw new Error(
        `${left.length} connection${left.length === 1 ? " was" : "s were"} left open to the test's database:\n${left.join("\n")}`,
      );
    },
  };
}

/** The roles of plugins belong to the server, and outlive their database. */
async function dropRolesOf(query: ServerQuery, database: string): Promise<void> {
  const sql = "SELECT quote_ident(rolname) AS role FROM pg_roles WHERE starts_with(rolname, $1)";
  for (const { role } of await query(sql, [`${database}_`])) await query(`DROP ROLE ${String(role)}`);
}

/** The content of a plugin's migration files. */
function migrationsOf(plugin: PluginInfo): readonly string[] {
  const { migrationsDir } = storagePluginOf(plugin);
  if (migrationsDir === undefined) return [];
  return readdirSync(migrationsDir).map((file) => readFileSync(join(migrationsDir, file), "utf8"));
}

/** The name of a database in which these plugins are migrated; the first test that needs it creates it. */
async function templateOf(server: TestServer, folders: readonly string[]): Promise<string> {
  const source = new FolderSource(folders);
  const plugins = source.packageNames().map((packageName): PluginInfo => {
    const name = pluginNameOf(packageName);
    return { name, ...resolvePlugin(name, [source]) };
  });
  const hash = createHash("sha256")
    .update(JSON.stringify(plugins.map((plugin) => [plugin.name, plugin.rootDir, migrationsOf(plugin)])))
    .digest("hex");
  const name = `${server.prefix}_template_${hash.slice(0, 12)}`;
  await server.exclusively(name, async () => {
    if ((await server.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])).length > 0) return;
    const draft = `${name}_draft`;
    await server.query(`DROP DATABASE IF EXISTS ${draft}`);
    await server.query(`CREATE DATABASE ${draft} TEMPLATE template0 STRATEGY file_copy`);
    await migrate(server.urlOf(draft), plugins);
    await server.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
  return name;
}

async function migrate(connectUrl: string, plugins: readonly PluginInfo[]): Promise<void> {
  const log = (): void => undefined;
  const logger = { debug: log, info: log, warning: log, error: log, critical: log, isLevelEnabled: () => false };
  const { signal } = new AbortController();
  await using storage = await Storage.open({
    title: "peek test",
    config: serviceConfigSchema.parse({ storage: { connectUrl } }).storage,
    embeddedDir: "",
    embedded: "find",
    migrations: "apply",
    plugins: plugins.map(storagePluginOf),
    getLogger: () => logger,
    signal,
  });
  for (const { name } of plugins) await storage.migrate(name, signal);
}

const connectionSchema = z.object({ application_name: z.string(), state: z.string().nullable(), query: z.string() });

/** The open connections, after closing ones have had time to close. */
async function connectionsTo(query: ServerQuery, database: string): Promise<readonly string[]> {
  const until = performance.now() + closeMs;
  for (;;) {
    const rows = await query(
      "SELECT application_name, state, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'",
      [database],
    );
    if (rows.length === 0 || performance.now() > until) {
      return rows.map((row) => {
        const { application_name: title, state, query: last } = connectionSchema.parse(row);
        return `${title === "" ? "unnamed" : title}, ${state ?? "unknown"}, last: ${last.slice(0, 200)}`;
      });
    }
    await wait(20);
  }
}
