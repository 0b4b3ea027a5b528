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
  it("is migrated from its own folder", async () => {
    await using database = await openTestDatabase();
    const first = migrations({ "0001_pump.js": sqlMigration("CREATE TABLE pump (id int)") });
    await using storage = await openStorage(database, { plugins: [pluginOf(pump, first)] });
    await storage.migrate(pump, signal);
    const second = migrations({
      "0001_pump.js": sqlMigration("CREATE TABLE pump (id int)"),
      "0002_level.js": sqlMigration("ALTER TABLE pump ADD COLUMN level int"),
    });
    await storage.register(pluginOf(pump, second, "1.1.0"));
    expect(await storage.migrate(pump, signal)).toEqual(["0002_level"]);
  });
});
