import type { WatchedTables } from "@peek/plugin-base/internal";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStorage, shortTiming, until } from "./support.ts";
import { TcpProxy } from "./TcpProxy.ts";
import { ChangeRecorder } from "./ChangeRecorder.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";

let database: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await openTestDatabase());
});

afterEach(() => stack.disposeAsync());

/** @param way The storage's connection to the database. Default: direct. */
async function follow(
  way: Pick<TestDatabase, "connectUrl"> = database,
): Promise<{ tables: WatchedTables; recorder: ChangeRecorder }> {
  const storage = stack.use(await openStorage(way, { timing: shortTiming }));
  await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
  const recorder = new ChangeRecorder();
  const tables = stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, recorder.listener));
  await moves(tables);
  recorder.clear();
  return { tables, recorder };
}

/** Waits until the time has advanced. */
async function moves(tables: WatchedTables): Promise<void> {
  const now = performance.now();
  await until("the time advances", () => tables.reportedUntil > now);
}

/** Waits until the time has stopped. @returns The reason. */
async function stands(tables: WatchedTables): Promise<string | undefined> {
  await until("it stands", () => performance.now() - tables.reportedUntil > 1000);
  return tables.trouble;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectUrl });
  client.on("error", () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

describe("The time until which all changes were reported", () => {
  it("advances while nothing changes", async () => {
    const { tables } = await follow();
    await moves(tables);
    await moves(tables);
    expect(tables.trouble).toBeUndefined();
  });

  it("is not later than a change that is being reported", async () => {
    const { tables, recorder } = await follow();
    let reportedUntil = Infinity;
    recorder.onChange = () => {
      reportedUntil = Math.min(reportedUntil, tables.reportedUntil);
    };
    const before = performance.now();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    const committedAt = performance.now();
    await recorder.of("pump", "insert");
    expect(reportedUntil).toBeLessThanOrEqual(committedAt);
    expect(reportedUntil).toBeGreaterThan(before - 10_000);
  });

  it("stops while the database's machine is unreachable, and advances again afterwards", async () => {
    const proxy = stack.use(await TcpProxy.open(database));
    const { tables } = await follow(proxy);
    await proxy.vanish();
    expect(await stands(tables)).toBe("The database cannot be reached");
    await proxy.listen();
    await moves(tables);
    expect(tables.trouble).toBeUndefined();
  });

  it("stops while the connection to the database is open but passes no data", async () => {
    const proxy = stack.use(await TcpProxy.open(database));
    const { tables } = await follow(proxy);
    proxy.fate = () => "swallow";
    await stands(tables);
  });

  it("stops while the reader is blocked", async () => {
    const { tables } = await follow();
    const other = await connect();
    await other.query("BEGIN; LOCK TABLE peek_vortex.change IN ACCESS EXCLUSIVE MODE");
    await stands(tables);
    await other.query("ROLLBACK");
    await moves(tables);
  });

  it("stops while the database is read-only", async () => {
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
  ])("stops while a table is $what; changes made meanwhile are reported afterwards", async ({ away }) => {
    const { tables, recorder } = await follow();
    await database.query(`ALTER TABLE pl_pump.pump ${away}`);
    await until("it is noticed", () => tables.trouble !== undefined);
    expect(await stands(tables)).toBe("A table of the database is missing");
    const since = tables.reportedUntil;
    const back = away.startsWith("RENAME") ? "pl_pump.elsewhere RENAME TO pump" : "public.pump SET SCHEMA pl_pump";
    await database.query(`ALTER TABLE ${back}`);
    await recorder.of("pump", "update");
    await moves(tables);
    expect(tables.reportedUntil).toBeGreaterThan(since);
  });

  it("stops while a table is dropped, and advances after it was created again", async () => {
    const { tables, recorder } = await follow();
    await database.query("DROP TABLE pl_pump.pump");
    await until("it is noticed", () => tables.trouble !== undefined);
    expect(await stands(tables)).toBe("A table of the database is missing");
    await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
    await recorder.of("pump", "update");
    await moves(tables);
  });

  it("stops while lost triggers cannot be created again", async () => {
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
