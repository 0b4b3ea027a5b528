import { setTimeout as wait } from "node:timers/promises";
import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { writePlugin } from "./testPlugins.ts";
import { caught, migrations, openStorage, pluginOf, signal, sqlMigration, TestLog } from "./support.ts";
import { TcpProxy } from "./TcpProxy.ts";
import { openTestDatabase, startService } from "./testing.ts";

const name = "peek_plugin_pump";
const first = { "0001_a.js": sqlMigration("CREATE TABLE a (i int); INSERT INTO a VALUES (1)") };
const second = { ...first, "0002_b.js": sqlMigration("INSERT INTO a VALUES (2)") };

/** A worker whose storage waits for a plugin's migrations. */
async function waitingFor(
  connectUrl: string,
  dir: string,
  log: TestLog,
  work: (migrated: Promise<unknown>, stop: AbortController) => Promise<void>,
): Promise<void> {
  await using storage = await openStorage({ connectUrl }, { plugins: [pluginOf(name, dir)], migrations: "await", log });
  const stop = new AbortController();
  await work(storage.migrate(name, stop.signal), stop);
}

describe("A worker", () => {
  it("waits until logic has provisioned and migrated the schema, and logs that", async () => {
    await using database = await openTestDatabase();
    const dir = migrations(second);
    const log = new TestLog();
    await waitingFor(database.connectUrl, dir, log, async (migrated) => {
      await log.waitFor(`${name}: waiting until the logic service has migrated it to 0002_b; it is at nothing`);
      await using logic = await openStorage(database, { plugins: [pluginOf(name, dir)] });
      await logic.migrate(name, signal);
      await migrated;
    });
    expect(log.of("warning", "error")).toEqual([]);
  });

  it("runs a plugin on the tables that logic has migrated", async () => {
    await using database = await openTestDatabase();
    const rows: unknown[] = [];
    const plugin = writePlugin(name, {
      migrations: first,
      start: async ({ platform }) => {
        rows.push(...(await sql`SELECT i FROM a`.execute(platform.storage.db)).rows);
      },
    });
    await using logic = await startService("logic", { database, plugins: [plugin] });
    await using worker = await startService("worker", { database, plugins: [plugin] });
    expect([logic.plugin(name).state, worker.plugin(name).state]).toEqual(["started", "started"]);
    expect(rows).toEqual([{ i: 1 }, { i: 1 }]);
  });

  it.each([
    ["newer than its package", first, second, "MIGRATION_NEWER"],
    ["edited", { "0001_a.js": sqlMigration("CREATE TABLE a (i bigint)") }, first, "MIGRATION_EDITED"],
  ])("does not wait for a database that is %s", async (_how, own: Readonly<Record<string, string>>, applied, code) => {
    await using database = await openTestDatabase();
    {
      await using logic = await openStorage(database, { plugins: [pluginOf(name, migrations(applied))] });
      await logic.migrate(name, signal);
    }
    await waitingFor(database.connectUrl, migrations(own), new TestLog(), async (migrated) => {
      expect((await caught(() => migrated)).code).toBe(code);
    });
  });

  it("polls once for all waiting plugins", async () => {
    await using database = await openTestDatabase();
    await using proxy = await TcpProxy.open(database);
    const dir = migrations(first);
    const names = Array.from({ length: 20 }, (_, index) => `peek_plugin_p${index}`);
    const plugins = names.map((each) => pluginOf(each, dir));
    const log = new TestLog();
    await using storage = await openStorage(proxy, { plugins, migrations: "await", log });
    let asked = 0;
    proxy.fate = (sent) => {
      if (sent.includes("peek_platform")) asked += 1;
      return "pass";
    };
    const stop = new AbortController();
    const waiting: Promise<unknown>[] = [];
    for (const each of names) {
      waiting.push(storage.migrate(each, stop.signal));
      await log.waitFor(`${each}: waiting`);
    }
    stop.abort();
    await Promise.allSettled(waiting);
    // Each query was sent after the answer to the previous one.
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(names.length / 2);
  });

  it("creates nothing in the database", async () => {
    await using database = await openTestDatabase();
    const log = new TestLog();
    await waitingFor(database.connectUrl, migrations(first), log, async (migrated, stop) => {
      await log.waitFor("waiting until the logic service has migrated it");
      stop.abort();
      await expect(migrated).rejects.toThrow();
    });
    expect(await database.query("SELECT 1 FROM pg_namespace WHERE nspname IN ('pl_pump', 'peek_platform')")).toEqual(
      [],
    );
  });

  it("keeps waiting while the database is unavailable", async () => {
    await using database = await openTestDatabase();
    await using proxy = await TcpProxy.open(database);
    const dir = migrations(first);
    const log = new TestLog();
    await waitingFor(proxy.connectUrl, dir, log, async (migrated) => {
      await log.waitFor("waiting until the logic service has migrated it");
      await proxy.vanish();
      await log.waitFor("cannot be reached");
      await using logic = await openStorage(database, { plugins: [pluginOf(name, dir)] });
      await logic.migrate(name, signal);
      await proxy.listen();
      await migrated;
    });
  });

  it("stops at once while it waits, also for a database that does not answer", async () => {
    await using database = await openTestDatabase();
    await using proxy = await TcpProxy.open(database);
    const log = new TestLog();
    await waitingFor(proxy.connectUrl, migrations(first), log, async (migrated, stop) => {
      await log.waitFor("waiting until the logic service has migrated it");
      const asked = Promise.withResolvers<void>();
      proxy.fate = () => {
        asked.resolve();
        return "swallow";
      };
      await asked.promise;
      stop.abort();
      await Promise.race([
        expect(migrated).rejects.toThrow("abort"),
        wait(1000).then(() => Promise.reject(new Error("It still waits"))),
      ]);
      // The query will not be answered.
      await proxy.vanish();
    });
  });

  it("stops quickly as a service while its plugin waits", async () => {
    await using database = await openTestDatabase();
    const plugin = writePlugin(name, { migrations: first });
    const starting = startService("worker", {
      allowFailed: true,
      database,
      plugins: [plugin],
      config: { plugin: { deadlines: { migrateSeconds: 0.3 } } },
    });
    await using worker = await starting;
    expect(worker.plugin(name)).toMatchObject({ state: "failed", error: { code: "HOOK_TIMED_OUT", hook: "migrate" } });
    const began = performance.now();
    await worker.stop();
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
