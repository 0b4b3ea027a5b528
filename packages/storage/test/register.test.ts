import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { caught, enter, migrations, nameOf, openStorage, pluginOf, signal, sqlMigration, TestLog } from "./support.ts";
import { openTestDatabase } from "./testing.ts";

const pump = "peek_plugin_pump";
const valve = "peek_plugin_valve";

describe("A plugin that is registered after the storage was opened", () => {
  it("gets a schema, a role, its migrations and connections, and other plugins keep theirs", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pump] });
    await using entered = enter(storage, pump);
    await sql`SELECT 1`.execute(entered.storage.db);
    const dir = migrations({ "0001_valve.js": sqlMigration("CREATE TABLE valve (id int)") });
    await storage.register(pluginOf(valve, dir));
    expect(await storage.migrate(valve, signal)).toEqual(["0001_valve"]);
    await using late = enter(storage, valve);
    const { rows } = await sql<{ role: string }>`SELECT current_user AS role, count(*) FROM valve`.execute(
      late.storage.db,
    );
    expect(rows).toMatchObject([{ role: `${await nameOf(database)}_pl_valve` }]);
    expect(Object.keys(storage.status().pools)).toEqual([pump, valve]);
    expect((await storage.schemaStatuses()).map(({ plugin }) => plugin)).toEqual([pump, valve]);
  });

  it("waits for its migrations on a service that does not migrate", async () => {
    await using database = await openTestDatabase();
    await using logic = await openStorage(database, { plugins: [pump] });
    await using worker = await openStorage(database, { plugins: [pump], migrations: "await" });
    const dir = migrations({ "0001_valve.js": sqlMigration("CREATE TABLE valve (id int)") });
    await worker.register(pluginOf(valve, dir));
    const awaited = worker.migrate(valve, signal);
    await logic.register(pluginOf(valve, dir));
    await logic.migrate(valve, signal);
    await awaited;
    await using entered = enter(worker, valve);
    expect((await sql`SELECT id FROM valve`.execute(entered.storage.db)).rows).toEqual([]);
  });

  it("shares the connections that the server allows, and is refused where the server allows none", async () => {
    await using database = await openTestDatabase();
    await database.query(`ALTER DATABASE ${await nameOf(database)} CONNECTION LIMIT 9`);
    const log = new TestLog();
    await using storage = await openStorage(database, { plugins: [pump], log, config: { poolSize: 3 } });
    expect(log.of("warning")).toEqual([]);
    await storage.register(pluginOf(valve));
    expect(log.of("warning")).toEqual([expect.stringContaining("2 plugins may need 6, but the server allows 9")]);
    await storage.migrate(valve, signal);
    await using a = enter(storage, pump);
    await using b = enter(storage, valve);
    const work = [a, b].flatMap(({ storage: { db } }) => [1, 2, 3].map(() => sql`SELECT pg_sleep(0.01)`.execute(db)));
    expect(await Promise.all(work)).toHaveLength(6);
  });

  it("is refused while a schema of its name is not Peek's", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pump] });
    await database.query("CREATE SCHEMA pl_valve");
    expect((await caught(() => storage.register(pluginOf(valve)))).code).toBe("STORAGE_SCHEMA_TAKEN");
    await database.query("DROP SCHEMA pl_valve");
    await storage.register(pluginOf(valve));
    expect(await storage.migrate(valve, signal)).toEqual([]);
  });
});

describe("Another version of a registered plugin", () => {
  const create = sqlMigration("CREATE TABLE pump (id int)", "DROP TABLE pump");
  const expand = sqlMigration("ALTER TABLE pump ADD COLUMN level int", "ALTER TABLE pump DROP COLUMN level");
  const contract = sqlMigration("ALTER TABLE pump DROP COLUMN id");
  const first = { "0001_pump.js": create };
  const second = { ...first, "0002_level.js": expand };
  const third = { ...second, "0003_id.js": contract };

  it("is migrated from its own folder, and its migrations are known before it is registered", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pluginOf(pump, migrations(first))] });
    await storage.migrate(pump, signal);
    const next = pluginOf(pump, migrations(third), "1.1.0");
    const planned = [
      { name: "0002_level", isReversible: true },
      { name: "0003_id", isReversible: false },
    ];
    expect(await storage.planMigrations(next)).toMatchObject(planned);
    expect(await storage.dryRun(next, signal)).toMatchObject(planned);
    await storage.register(next);
    expect(await storage.migrate(pump, signal)).toEqual(["0002_level", "0003_id"]);
  });

  it("may be an older one where the later migrations have down(), also at the next start, with a warning", async () => {
    await using database = await openTestDatabase();
    const old = pluginOf(pump, migrations(first));
    {
      await using storage = await openStorage(database, { plugins: [pluginOf(pump, migrations(second), "1.1.0")] });
      await storage.migrate(pump, signal);
      expect(await storage.planMigrations(old)).toEqual([]);
    }
    const log = new TestLog();
    await using storage = await openStorage(database, { plugins: [old], log });
    expect(await storage.migrate(pump, signal)).toEqual([]);
    expect(log.of("warning")).toEqual([expect.stringContaining("version 1.0.0 lacks the migrations 0002_level")]);
    const error = await caught(() => storage.rollback(pump, {}, signal));
    expect(error.code, "A rollback needs the files").toBe("MIGRATION_NEWER");
  });

  it("is refused where later migrations have no down(), until a change brings the older one back", async () => {
    await using database = await openTestDatabase();
    const old = pluginOf(pump, migrations(first));
    await using logic = await openStorage(database, { plugins: [pluginOf(pump, migrations(third), "1.1.0")] });
    await using worker = await openStorage(database, { plugins: [old], migrations: "await" });
    await logic.migrate(pump, signal);
    for (const storage of [logic, worker]) {
      const error = await caught(() => storage.planMigrations(old));
      expect([error.code, error.message]).toEqual(["MIGRATION_NEWER", expect.stringContaining("has 0003_id, applied")]);
    }
    await worker.migrate(pump, signal, undefined, true);
    expect((await caught(() => worker.migrate(pump, signal))).code).toBe("MIGRATION_NEWER");
    await logic.register(old);
    await logic.migrate(pump, signal, undefined, true);
    for (const migrations of ["apply", "await"] as const) {
      await using next = await openStorage(database, { plugins: [old], migrations });
      expect(await next.migrate(pump, signal)).toEqual([]);
    }
  });

  it("is tried while the tables are in use, and does not wait for them", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pluginOf(pump, migrations(first))] });
    await storage.migrate(pump, signal);
    await using entered = enter(storage, pump);
    await entered.storage.transaction(async (db) => {
      await sql`SELECT id FROM pump`.execute(db);
      const next = pluginOf(pump, migrations(second), "1.1.0");
      const error = await caught(() => storage.dryRun(next, signal, { lockTimeoutMs: 100 }));
      expect([error.code, error.message]).toEqual(["MIGRATION_FAILED", expect.stringContaining("is in use")]);
    });
  });

  it("is migrated in a database of an earlier Peek, which does not record whether older versions may run", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { plugins: [pluginOf(pump, migrations(first))] });
    await storage.migrate(pump, signal);
    await database.query("ALTER TABLE peek_platform.migration DROP COLUMN allows_older");
    await storage.register(pluginOf(pump, migrations(second), "1.1.0"));
    expect((await caught(() => storage.planMigrations(pluginOf(pump)))).code).toBe("MIGRATION_NEWER");
    expect(await storage.migrate(pump, signal)).toEqual(["0002_level"]);
    expect(await storage.planMigrations(pluginOf(pump, migrations(first)))).toEqual([]);
  });
});

describe("A plugin whose schema is dropped", () => {
  it("leaves neither tables nor a role, and begins anew when it is registered again", async () => {
    await using database = await openTestDatabase();
    const dir = migrations({ "0001_valve.js": sqlMigration("CREATE TABLE valve (id int)") });
    await using storage = await openStorage(database, { plugins: [pump] });
    await storage.register(pluginOf(valve, dir));
    await storage.migrate(valve, signal);
    {
      await using entered = enter(storage, valve);
      await sql`INSERT INTO valve VALUES (1)`.execute(entered.storage.db);
    }
    expect(await storage.dropSchema(valve)).toBe("pl_valve");
    const role = `${await nameOf(database)}_pl_valve`;
    expect(await database.query(`SELECT FROM pg_roles WHERE rolname = '${role}'`)).toEqual([]);
    expect((await storage.schemaStatuses()).map(({ plugin }) => plugin)).toEqual([pump]);
    expect(await storage.dropSchema(valve)).toBeUndefined();
    await storage.register(pluginOf(valve, dir));
    expect(await storage.migrate(valve, signal)).toEqual(["0001_valve"]);
    await using again = enter(storage, valve);
    expect((await sql`SELECT id FROM valve`.execute(again.storage.db)).rows).toEqual([]);
  });

  it("keeps everything while somebody uses one of its tables for too long", async () => {
    await using database = await openTestDatabase();
    const dir = migrations({ "0001_valve.js": sqlMigration("CREATE TABLE valve (id int)") });
    await using storage = await openStorage(database, { plugins: [] });
    await storage.register(pluginOf(valve, dir));
    await storage.migrate(valve, signal);
    const dropping = storage.asOwner(async ({ client }) => {
      await client.query("BEGIN; LOCK TABLE pl_valve.valve");
      try {
        return await caught(() => storage.dropSchema(valve));
      } finally {
        await client.query("ROLLBACK");
      }
    });
    expect(await dropping).toMatchObject({
      code: "STORAGE_REFUSED",
      message: expect.stringContaining(
        "The tables of peek_plugin_valve were not deleted: canceling statement due to lock timeout",
      ),
    });
    expect(await storage.dropSchema(valve)).toBe("pl_valve");
  });
});
