import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { writePlugin } from "./plugins.ts";
import { caught, enter, nameOf, openStorage, TestLog, valueOf } from "./rig.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";

const plugins = Array.from({ length: 12 }, (_, index) => `peek_plugin_p${index}`);

async function limited(limit: number): Promise<TestDatabase> {
  const database = await openTestDatabase();
  await database.query(`ALTER DATABASE ${await nameOf(database)} CONNECTION LIMIT ${limit}`);
  return database;
}

/** Sees how many connections plugins have at most while work goes on. */
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
  it("is how many connections a plugin has at most; the rest of its work waits for them", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: ["peek_plugin_p0"], config: { poolSize: 3 } });
    await using entered = enter(storage, "peek_plugin_p0");
    const work = Promise.all(Array.from({ length: 30 }, () => sql`SELECT pg_sleep(0.01)`.execute(entered.storage.db)));
    expect(storage.status().pools["peek_plugin_p0"]).toMatchObject({ size: 3 });
    expect(await mostDuring(database, work)).toBe(3);
    expect(storage.status().pools["peek_plugin_p0"]).toMatchObject({ open: 3, idle: 3, waiting: 0 });
  });
});

describe("a server that allows fewer connections than the plugins may have", () => {
  it("serves them all, one after the other, and is never asked for more", async () => {
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
    // Ten, but for three of the platform and two for others.
    expect(await mostDuring(database, work)).toBe(5);
    expect(log.of("error")).toEqual([]);
    expect(log.of("warning")).toEqual([
      expect.stringContaining(
        "With up to 3 connections each (storage.poolSize), 12 plugins may need 36, but the server allows 10: they share 5",
      ),
    ]);
  });

  it("serves them also while another program uses what is left", async () => {
    await using database = await limited(6);
    await using storage = await openStorage(database, { plugins: plugins.slice(0, 2), config: { poolSize: 3 } });
    await using a = enter(storage, "peek_plugin_p0");
    await using b = enter(storage, "peek_plugin_p1");
    expect((await sql`SELECT 1 AS one`.execute(a.storage.db)).rows).toEqual([{ one: 1 }]);
    // The connection of the one was idle, and has gone to the other.
    expect((await sql`SELECT 1 AS one`.execute(b.storage.db)).rows).toEqual([{ one: 1 }]);
    expect(storage.status().pools).toMatchObject({ peek_plugin_p0: { open: 0 }, peek_plugin_p1: { open: 1 } });
  });

  it("says who waits when nobody gives one back in time", async () => {
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

  it("waits for another program's connection to end, and does not take that for a loss", async () => {
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

  it("is one that cannot be reached, to a start for which it has no connection to spare", async () => {
    await using database = await openTestDatabase();
    // What the tests themselves use is not bound by it where that is a superuser.
    await database.query(`CREATE ROLE ${await nameOf(database)}_crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0`);
    const connectUrl = database.connectUrl.replace(/\/\/[^@/]*@/, `//${await nameOf(database)}_crowded:crowded@`);
    const config = { acquireTimeoutSeconds: 0.3, retrySeconds: 0 };
    const error = await caught(() => openStorage({ connectUrl }, { config }));
    expect([error.code, error.exitCode]).toEqual(["STORAGE_UNAVAILABLE", 69]);
    expect(error.message).toContain("too many connections for role");
  });

  it("is refused when it allows not even one, with how many it takes", async () => {
    await using database = await limited(5);
    const error = await caught(() => openStorage(database, { plugins, config: { poolSize: 3 } }));
    expect([error.code, error.message]).toEqual([
      "STORAGE_CONNECTIONS",
      expect.stringContaining("Raise max_connections on the server to at least 41"),
    ]);
  });
});

describe("a plugin that does not give a connection back", () => {
  it("is named by a warning when it is unloaded, and the service stops all the same", { timeout: 15_000 }, async () => {
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
    // The test kit does not let that pass.
    await expect(logic.stop()).rejects.toThrow("1 database connection of peek_plugin_leaky was still in use");
    expect(performance.now() - began).toBeLessThan(6000);
    expect(logic.log.lines).toContainEqual(
      expect.stringMatching(
        /^WARNING .*peek_plugin_leaky.*1 database connection of peek_plugin_leaky was still in use/,
      ),
    );
    resolve();
  });

  it("gets none any more while it is being unloaded, and is told so at once; what it has begun is waited for", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { config: { poolSize: 1 } });
    const never = new Promise(() => undefined);
    const connecting = enter(storage);
    const late = caught(() => connecting.storage.withClient(() => never));
    await connecting[Symbol.asyncDispose]();
    expect((await late).code).toBe("STORAGE_CLOSED");
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
    expect([(await waiting).code, await working]).toEqual(["STORAGE_CLOSED", "done"]);
  });
});

describe("a test's database", () => {
  it("is not taken away in silence from who is still connected: the test fails, and is told who it is", async () => {
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

  it("is a copy of its own, of one that plugins were migrated in once", async () => {
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
