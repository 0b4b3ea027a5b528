import type { FollowedTables } from "@peek/plugin-base/internal";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStorage, shortTiming, until } from "./rig.ts";
import { TcpProxy } from "./TcpProxy.ts";
import { Told } from "./Told.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";

let database: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await openTestDatabase());
});

afterEach(() => stack.disposeAsync());

/** @param way Of the storage to the database. */
async function follow(
  way: Pick<TestDatabase, "connectUrl"> = database,
): Promise<{ tables: FollowedTables; told: Told }> {
  const storage = stack.use(await openStorage(way, { timing: shortTiming }));
  await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
  const told = new Told();
  const tables = stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, told.listener));
  await moves(tables);
  told.clear();
  return { tables, told };
}

/** Waits until more has been told than now. */
async function moves(tables: FollowedTables): Promise<void> {
  const now = performance.now();
  await until("more is told", () => tables.toldUntil > now);
}

/** Waits until it stands, and says why. */
async function stands(tables: FollowedTables): Promise<string | undefined> {
  await until("it stands", () => performance.now() - tables.toldUntil > 1000);
  return tables.trouble;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectUrl });
  client.on("error", () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

describe("until when all changes have been told", () => {
  it("goes on while nothing changes", async () => {
    const { tables } = await follow();
    await moves(tables);
    await moves(tables);
    expect(tables.trouble).toBeUndefined();
  });

  it("is not later than a change that is being told", async () => {
    const { tables, told } = await follow();
    let toldUntil = Infinity;
    told.onTold = () => {
      toldUntil = Math.min(toldUntil, tables.toldUntil);
    };
    const before = performance.now();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    const committedAt = performance.now();
    await told.of("pump", "insert");
    expect(toldUntil).toBeLessThanOrEqual(committedAt);
    expect(toldUntil).toBeGreaterThan(before - 10_000);
  });

  it("stands while the machine of the database is gone, and goes on by itself", async () => {
    const proxy = stack.use(await TcpProxy.open(database));
    const { tables } = await follow(proxy);
    await proxy.vanish();
    expect(await stands(tables)).toBe("The database cannot be reached");
    await proxy.listen();
    await moves(tables);
    expect(tables.trouble).toBeUndefined();
  });

  it("stands while nothing comes through to the database, though its connection stands", async () => {
    const proxy = stack.use(await TcpProxy.open(database));
    const { tables } = await follow(proxy);
    proxy.fate = () => "swallow";
    await stands(tables);
  });

  it("stands while the reader is held up", async () => {
    const { tables } = await follow();
    const other = await connect();
    await other.query("BEGIN; LOCK TABLE peek_vortex.change IN ACCESS EXCLUSIVE MODE");
    await stands(tables);
    await other.query("ROLLBACK");
    await moves(tables);
  });

  it("stands while the database is read-only", async () => {
    const { tables } = await follow();
    const name = database.connectUrl.slice(database.connectUrl.lastIndexOf("/") + 1).split("?")[0] ?? "";
    await database.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} SET default_transaction_read_only = on`);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    expect(await stands(tables)).toBe("The database is read-only");
    const other = await connect();
    await other.query("SET default_transaction_read_only = off");
    await other.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} RESET default_transaction_read_only`);
    await moves(tables);
  });

  it.each([
    { what: "renamed", away: "RENAME TO elsewhere", table: "pump" },
    { what: "moved to another schema", away: "SET SCHEMA public", table: "pump" },
  ])("stands while a table is $what, and what was changed meanwhile is told", async ({ away }) => {
    const { tables, told } = await follow();
    await database.query(`ALTER TABLE pl_pump.pump ${away}`);
    await until("it is noticed", () => tables.trouble !== undefined);
    expect(await stands(tables)).toBe("A table of the database is missing");
    const since = tables.toldUntil;
    const back = away.startsWith("RENAME") ? "pl_pump.elsewhere RENAME TO pump" : "public.pump SET SCHEMA pl_pump";
    await database.query(`ALTER TABLE ${back}`);
    await told.of("pump", "update");
    await moves(tables);
    expect(tables.toldUntil).toBeGreaterThan(since);
  });

  it("stands while a table is dropped, and goes on with one that is made anew", async () => {
    const { tables, told } = await follow();
    await database.query("DROP TABLE pl_pump.pump");
    await until("it is noticed", () => tables.trouble !== undefined);
    expect(await stands(tables)).toBe("A table of the database is missing");
    await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
    await told.of("pump", "update");
    await moves(tables);
  });

  it("stands while triggers that were lost cannot be made again", async () => {
    const { tables } = await follow();
    const other = await connect();
    await other.query("BEGIN; DROP TRIGGER peek_vortex_update ON pl_pump.pump; SAVEPOINT held");
    await other.query("COMMIT; BEGIN; INSERT INTO pl_pump.pump VALUES (1, 1)");
    await until("it is noticed", () => tables.trouble !== undefined);
    expect(await stands(tables)).toBe("Changes of a table of the database cannot be followed now");
    await other.query("COMMIT");
    await moves(tables);
  });
});
