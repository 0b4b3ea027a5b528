import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { writePlugin } from "./testPlugins.ts";
import { caught, enter, nameOf, openStorage, TestLog, valueOf } from "./support.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";

const plugins = Array.from({ length: 12 }, (_, index) => `peek_plugin_p${index}`);

async function limited(limit: number): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await database.query(`ALTER DATABASE ${await nameOf(database)} CONNECTION LIMIT ${limit}`);
  return database;
}

/** Measures the maximum number of connections of plugins during some work. */
async function mostDuring(database: TestDatabase, work: Promise<unknown>): Promise<number> {
  let most = 0;
  const ended = new AbortController();
  const finished = work.finally(() => ended.abort());
  while (!ended.signal.aborted) {
    const count = await valueOf(
      database,
      "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND usename LIKE '%pl\\_p%'",
    );
    most = Math.max(most, Number(count));
  }
  await finished;
  return most;
}

describe("storage.poolSize", () => {
  it("limits the connections of a plugin; further work waits", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: ["peek_plugin_p0"], config: { poolSize: 3 } });
    await using entered = enter(storage, "peek_plugin_p0");
    const work = Promise.all(Array.from({ length: 30 }, () => sql`SELECT pg_sleep(0.01)`.execute(entered.storage.db)));
    expect(storage.status().pools["peek_plugin_p0"]).toMatchObject({ size: 3 });
    expect(await mostDuring(database, work)).toBe(3);
    expect(storage.status().pools["peek_plugin_p0"]).toMatchObject({ open: 3, idle: 3, waiting: 0 });
  });
});

describe("A server that allows fewer connections than the plugins may need", () => {
  it("serves all plugins without ever exceeding its limit", async () => {
    await using database = await limited(10);
    const log = new TestLog();
    await using storage = await openStorage(database, { plugins, log, config: { poolSize: 3 } });
    await using stack = new AsyncDisposableStack();
    const all = plugins.map((name) => stack.use(enter(storage, name)));
    const work = Promise.all(
      [1, 2, 3].flatMap(() =>
        all.map(async ({ storage }) => {
          await sql`SELECT pg_sleep(0.01)`.execute(storage.db);
          await storage.transaction((db) => sql`SELECT pg_sleep(0.005)`.execute(db));
        }),
      ),
    );
    // Ten, minus three of the platform and two for other clients.
    expect(await mostDuring(database, work)).toBe(5);
    expect(log.of("error")).toEqual([]);
    expect(log.of("warning")).toEqual([
      expect.stringContaining(
        "With up to 3 connections each (storage.poolSize), 12 plugins may need 36, but the server allows 10: they share 5",
      ),
    ]);
  });

  it("serves all plugins also while another program uses the remaining connections", async () => {
    await using database = await limited(6);
    await using storage = await openStorage(database, { plugins: plugins.slice(0, 2), config: { poolSize: 3 } });
    await using a = enter(storage, "peek_plugin_p0");
    await using b = enter(storage, "peek_plugin_p1");
    expect((await sql`SELECT 1 AS one`.execute(a.storage.db)).rows).toEqual([{ one: 1 }]);
    // The idle connection of one plugin was evicted for the other.
    expect((await sql`SELECT 1 AS one`.execute(b.storage.db)).rows).toEqual([{ one: 1 }]);
    expect(storage.status().pools).toMatchObject({ peek_plugin_p0: { open: 0 }, peek_plugin_p1: { open: 1 } });
  });

  it("leads to an error with the plugin's name when no connection is released in time", async () => {
    await using database = await limited(6);
    const config = { poolSize: 3, acquireTimeoutSeconds: 1 };
    await using storage = await openStorage(database, { plugins: plugins.slice(0, 2), config });
    await using a = enter(storage, "peek_plugin_p0");
    await using b = enter(storage, "peek_plugin_p1");
    await a.storage.withClient(async () => {
      const error = await caught(() => sql`SELECT 1`.execute(b.storage.db));
      expect(error.code).toBe("STORAGE_BUSY");
      expect(error.message).toContain("No database connection for peek_plugin_p1 within 1 s");
      expect(error.message).toContain("the connections that the server allows are in use");
    });
    expect(storage.status().available).toBe(true);
  });

  it("is not reported as lost while another program uses its last connection", async () => {
    await using database = await openTestDatabase();
    const name = await nameOf(database);
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    await database.query(`ALTER ROLE ${name}_pl_pump CONNECTION LIMIT 0`);
    const waiting = sql`SELECT 1 AS one`.execute(entered.storage.db);
    await database.query("SELECT pg_sleep(0.1)");
    await database.query(`ALTER ROLE ${name}_pl_pump CONNECTION LIMIT -1`);
    expect((await waiting).rows).toEqual([{ one: 1 }]);
    expect(storage.status().available).toBe(true);
  });

  it("is unavailable to a start when it has no free connection", async () => {
    await using database = await openTestDatabase();
    // The limit does not apply to the tests' own account if that is a superuser.
    await database.query(`CREATE ROLE ${await nameOf(database)}_crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0`);
    const connectUrl = database.connectUrl.replace(/\/\/[^@/]*@/, `//${await nameOf(database)}_crowded:crowded@`);
    const config = { acquireTimeoutSeconds: 0.3, retrySeconds: 0 };
    const error = await caught(() => openStorage({ connectUrl }, { config }));
    expect([error.code, error.exitCode]).toEqual(["STORAGE_UNAVAILABLE", 69]);
    expect(error.message).toContain("too many connections for role");
  });

  it("is rejected when it allows no connection, with the required number", async () => {
    await using database = await limited(5);
    const error = await caught(() => openStorage(database, { plugins, config: { poolSize: 3 } }));
    expect([error.code, error.message]).toEqual([
      "STORAGE_CONNECTIONS",
      expect.stringContaining("Raise max_connections on the server to at least 41"),
    ]);
  });
});

describe("A plugin that does not release a connection", () => {
  it("is named in a warning when it is unloaded, and the service stops nevertheless", { timeout: 15_000 }, async () => {
    const name = "peek_plugin_leaky";
    const { promise, resolve } = Promise.withResolvers<void>();
    await using database = await openTestDatabase();
    const logic = await startService("logic", {
      database,
      plugins: [
        writePlugin(name, {
          start: async ({ platform }) => {
            const lent = Promise.withResolvers<void>();
            void platform.storage.withClient(() => {
              lent.resolve();
              return promise;
            });
            await lent.promise;
          },
        }),
      ],
    });
    const began = performance.now();
    // The test kit fails on a leaked connection.
    await expect(logic.stop()).rejects.toThrow("1 database connection of peek_plugin_leaky was still in use");
    expect(performance.now() - began).toBeLessThan(6000);
    expect(logic.log.lines).toContainEqual(
      expect.stringMatching(
        /^WARNING .*peek_plugin_leaky.*1 database connection of peek_plugin_leaky was still in use/,
      ),
    );
    resolve();
  });

  it("gets an error at once for new work while it is unloaded; running work is awaited", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { config: { poolSize: 1 } });
    const never = new Promise(() => undefined);
    const connecting = enter(storage);
    const late = caught(() => connecting.storage.withClient(() => never));
    await connecting[Symbol.asyncDispose]();
    expect((await late).code).toBe("PLUGIN_RELEASED");
    const busy = enter(storage);
    const lent = Promise.withResolvers<void>();
    const working = busy.storage.withClient(async (client) => {
      lent.resolve();
      await client.query("SELECT pg_sleep(0.2)");
      return "done";
    });
    await lent.promise;
    const waiting = caught(() => busy.storage.withClient(() => never));
    await busy[Symbol.asyncDispose]();
    expect([(await waiting).code, await working]).toEqual(["PLUGIN_RELEASED", "done"]);
  });
});

describe("The database of a test", () => {
  it("fails the test with the name of a client that is still connected at its end", async () => {
    const database = await openTestDatabase();
    const storage = await openStorage(database);
    const entered = enter(storage);
    await sql`SELECT 'left open'`.execute(entered.storage.db);
    const dispose = async (): Promise<void> => await database[Symbol.asyncDispose]();
    await expect(dispose()).rejects.toThrow(
      /connections were left open[^]*peek test peek_plugin_pump, idle, last: .*left open/,
    );
    await Promise.allSettled([entered[Symbol.asyncDispose]()]);
    await storage[Symbol.asyncDispose]();
  });

  it("is a copy of a database in which the plugins were migrated once", async () => {
    const created = "SELECT count(*)::int FROM pg_database WHERE datname LIKE $1";
    const tutorial = { plugins: ["plugins/peek-plugin-tutorial"] };
    await using one = await openTestDatabase(tutorial);
    await using two = await openTestDatabase(tutorial);
    await one.query("INSERT INTO pl_tutorial.string_int (string1, int1) VALUES ('a', 1)");
    expect(await valueOf(one, "SELECT count(*)::int FROM pl_tutorial.string_int")).toBe(1);
    expect(await valueOf(two, "SELECT count(*)::int FROM pl_tutorial.string_int")).toBe(0);
    const run = (await nameOf(one)).split("_").slice(0, 3).join("\\_");
    expect(await valueOf(one, created, [`${run}\\_template\\_%`])).toBe(1);
  });
});
