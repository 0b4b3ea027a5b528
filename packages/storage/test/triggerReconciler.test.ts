import type { TableChange } from "@peek/plugin-base";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "@peek/storage";
import { triggerRetryDelayMs } from "../src/outbox/watchTables.ts";
import { caught, openStorage, type StorageTestOptions, shortTiming, TestLog, until } from "./support.ts";
import { ChangeRecorder } from "./ChangeRecorder.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";
const cutReader =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'peek test changes'";

let database: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await openTestDatabase());
});

afterEach(() => stack.disposeAsync());

async function open(options: StorageTestOptions = {}): Promise<Storage> {
  const storage = stack.use(await openStorage(database, { timing: shortTiming, ...options }));
  await database.query(`
    CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int);
    CREATE TABLE pl_pump.valve (id int PRIMARY KEY);
    CREATE TABLE pl_pump.log (at int) PARTITION BY RANGE (at);
    CREATE TABLE pl_pump.log_1 PARTITION OF pl_pump.log FOR VALUES FROM (0) TO (10)`);
  return storage;
}

async function watch(storage: Storage, tables: readonly string[], rows = false): Promise<ChangeRecorder> {
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables, rows }, recorder.listener));
  recorder.clear();
  return recorder;
}

/** A connection of another client, such as psql. */
async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectUrl });
  client.on("error", () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

/** Cuts the reader's connection, and waits until it has reconnected and reported all tables. */
async function cutAndBack(recorder: ChangeRecorder, table: string): Promise<void> {
  await database.query(cutReader);
  await recorder.of(table, "update");
  recorder.clear();
}

/** Drops the schema of changes. PostgreSQL ends this statement, or one of the reader, when each waits for a lock of the other. */
async function dropOutbox(): Promise<void> {
  try {
    await database.query("DROP SCHEMA IF EXISTS peek_vortex CASCADE");
  } catch (error) {
    expect(error).toMatchObject({ code: "40P01" });
    await dropOutbox();
  }
}

describe("Watched tables", () => {
  it("that were dropped and recreated while the reader was away are followed again", async () => {
    const log = new TestLog();
    const storage = await open({ log });
    const plain = await watch(storage, ["pump"]);
    const recorder = await watch(storage, ["pump", "valve"], true);
    await database.query(`
      DROP TABLE pl_pump.pump;
      CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int);
      INSERT INTO pl_pump.pump VALUES (1, 7)`);
    plain.clear();
    await cutAndBack(recorder, "pump");
    await database.query("UPDATE pl_pump.pump SET level = 8");
    // A change without rows may be reported beside it.
    const withRows = (): TableChange | undefined => recorder.changes.find(({ rows }) => rows !== undefined);
    await until("the rows are reported", () => withRows() !== undefined);
    expect(withRows()?.rows).toEqual([
      { id: 1, level: 7 },
      { id: 1, level: 8 },
    ]);
    await plain.of("pump", "update");
    await database.query("INSERT INTO pl_pump.valve VALUES (1)");
    expect((await recorder.of("valve", "insert")).rows).toEqual([{ id: 1 }]);
    expect(log.of("warning")).toEqual([]);
  });

  it("are followed again after the schema peek_vortex was dropped, as by a restore", async () => {
    const recorder = await watch(await open(), ["pump"], true);
    await dropOutbox();
    await recorder.of("pump", "update");
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump VALUES (3, 1)");
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 3, level: 1 }]);
  });

  it("are reconciled periodically: new partitions and disabled triggers; a dropped table does not affect others", async () => {
    const log = new TestLog();
    const storage = await open({ log });
    const recorder = await watch(storage, ["pump", "log", "valve"]);
    await database.query(`
        DROP TABLE pl_pump.pump;
        CREATE TABLE pl_pump.log_2 PARTITION OF pl_pump.log FOR VALUES FROM (10) TO (20);
        ALTER TABLE pl_pump.valve DISABLE TRIGGER peek_vortex_insert;
        INSERT INTO pl_pump.log_2 VALUES (11); INSERT INTO pl_pump.valve VALUES (1)`);
    expect(await recorder.of("log")).toEqual({ table: "log", operation: "update", rows: undefined });
    await recorder.of("valve", "update");
    expect(recorder.changes.filter(({ table }) => table === "pump")).toEqual([]);
    await database.query("INSERT INTO pl_pump.log_2 VALUES (12); INSERT INTO pl_pump.valve VALUES (2)");
    await recorder.of("log", "insert");
    await recorder.of("valve", "insert");
    // Logged once, for any number of reconciliations.
    await cutAndBack(recorder, "log");
    const gone = (): readonly string[] => log.of("warning").filter((line) => line.includes("pl_pump.pump"));
    expect(gone()).toHaveLength(1);
    await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
    await cutAndBack(recorder, "pump");
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await recorder.of("pump", "insert");
    expect(gone()).toHaveLength(1);
  });

  it("are reported as changed by statements that alter query results without writing rows", async () => {
    const version = Number((await database.query("SHOW server_version_num"))[0]?.["server_version_num"]);
    const storage = await open();
    // Each statement has a table of its own.
    const statements: readonly ((table: string) => string)[] = [
      (table) => `ALTER TABLE ${table} ALTER level TYPE int USING level * 2`,
      (table) => `ALTER TABLE ${table} ALTER level TYPE bigint`,
      (table) => `ALTER TABLE ${table} ADD COLUMN note text DEFAULT 'new'`,
      (table) => `ALTER TABLE ${table} DROP COLUMN level`,
      (table) => `ALTER TABLE ${table} RENAME COLUMN level TO height`,
      (table) => `CREATE POLICY low ON ${table} USING (id < 3)`,
      (table) => `ALTER POLICY high ON ${table} USING (id > 4)`,
      (table) => `ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`,
      (table) => `ALTER TYPE ${table}_mood RENAME VALUE 'good' TO 'fine'`,
      (table) => `ALTER TABLE ${table}_log ATTACH PARTITION ${table}_log_2 FOR VALUES FROM (10) TO (20)`,
      (table) => `ALTER TABLE ${table}_log DETACH PARTITION ${table}_log_1`,
      // Since PostgreSQL 17.
      ...(version < 170_000 ? [] : [(table: string) => `ALTER TABLE ${table} ALTER twice SET EXPRESSION AS (id * 3)`]),
    ];
    const names = statements.map((_statement, index) => `t${index}`);
    await database.query(
      names
        .map(
          (name) => `
            CREATE TYPE pl_pump.${name}_mood AS ENUM ('good', 'bad');
            CREATE TABLE pl_pump.${name} (
              id int PRIMARY KEY, level int, mood pl_pump.${name}_mood, twice int GENERATED ALWAYS AS (id * 2) STORED
            );
            CREATE POLICY high ON pl_pump.${name} USING (id > 3);
            CREATE TABLE pl_pump.${name}_log (at int) PARTITION BY RANGE (at);
            CREATE TABLE pl_pump.${name}_log_1 PARTITION OF pl_pump.${name}_log FOR VALUES FROM (0) TO (10);
            CREATE TABLE pl_pump.${name}_log_2 (at int); INSERT INTO pl_pump.${name}_log_2 VALUES (11);`,
        )
        .join(""),
    );
    const recorder = await watch(
      storage,
      names.flatMap((name) => [name, `${name}_log`]),
    );
    await database.query(statements.map((statement, index) => statement(`pl_pump.${names[index]}`)).join(";"));
    const expected = statements.map((statement, index) =>
      statement("").includes("PARTITION") ? `${names[index]}_log` : names[index],
    );
    for (const table of expected)
      expect(await recorder.of(String(table))).toEqual({ table, operation: "update", rows: undefined });
    expect(new Set(recorder.changes.map(({ table }) => table))).toEqual(new Set(expected));
  });

  it("are followed when a transaction has ended that blocked their triggers; other tables at once", async () => {
    const storage = await open();
    const others = ["a", "b", "c", "d"];
    const all = [...others, "pump", "valve"];
    const make = (name: string): string => `CREATE TABLE pl_pump.${name} (id int PRIMARY KEY, level int);`;
    await database.query(others.map(make).join(" "));
    const recorder = await watch(storage, all);
    const drop = all.map((name) => `DROP TABLE pl_pump.${name};`);
    await database.query(`${drop.join(" ")} ${all.map(make).join(" ")}`);
    const writing = await connect();
    // More than one reconciliation has time for.
    const busy = [...others, "pump"].map((name) => `INSERT INTO pl_pump.${name} VALUES (1, 1);`);
    await writing.query(`BEGIN; ${busy.join(" ")}`);
    await cutAndBack(recorder, "valve");
    // A row that is inserted before is reported as an update of the table.
    const trigger =
      "SELECT FROM pg_trigger WHERE tgrelid = 'pl_pump.valve'::regclass AND tgname = 'peek_vortex_insert'";
    while ((await database.query(trigger)).length === 0);
    await database.query("INSERT INTO pl_pump.valve VALUES (1)");
    await recorder.of("valve", "insert");
    recorder.clear();
    await writing.query("COMMIT");
    expect(await recorder.of("pump")).toEqual({ table: "pump", operation: "update", rows: undefined });
    await database.query("INSERT INTO pl_pump.pump VALUES (2, 1)");
    await recorder.of("pump", "insert");
  });
});

describe("watch() of a busy table", () => {
  it("retries with growing delays of at most five seconds", () => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const longest = Math.min(200 * 2 ** attempt, 5000);
      expect(triggerRetryDelayMs(attempt)).toBeGreaterThanOrEqual(longest / 2);
      expect(triggerRetryDelayMs(attempt)).toBeLessThanOrEqual(longest);
    }
  });

  it("ends at once when its signal aborts or the storage is closed", async () => {
    const storage = await open();
    const writing = await connect();
    await writing.query("BEGIN; INSERT INTO pl_pump.pump VALUES (1, 1)");
    const abort = new AbortController();
    const start = (signal?: AbortSignal): Promise<unknown> =>
      storage.changes.watch(plugin, { tables: ["pump"], rows: false, signal }, () => undefined).catch((error) => error);
    const calledOff = start(abort.signal);
    const others = Array.from({ length: 2 }, () => start());
    const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'pl_pump.pump'::regclass";
    while ((await database.query(waiting)).length === 0);
    const reason = new Error("not wanted any more");
    const began = performance.now();
    abort.abort(reason);
    expect(await calledOff).toBe(reason);
    await storage[Symbol.asyncDispose]();
    for (const error of await Promise.all(others)) expect(error).toMatchObject({ code: "STORAGE_CLOSED" });
    expect(performance.now() - began).toBeLessThan(3000);
    const again = await caught(() => storage.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined));
    expect(again.code).toBe("STORAGE_CLOSED");
  });
});

describe("A reader of changes", () => {
  it("that fails repeatedly retries with growing delays, and logs one warning", async () => {
    const log = new TestLog();
    const recorder = await watch(await open({ log }), ["pump"]);
    const client = await connect();
    const began = performance.now();
    for (let n = 0; n < 4; n += 1) {
      // A record that no trigger writes, and that the reader cannot parse.
      await client.query(
        "INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), 'pl_pump.pump'::regclass, 'INSERT', '5'); NOTIFY peek_vortex_change",
      );
      await recorder.of("pump", "update");
      recorder.clear();
    }
    // The sum of the shortest pauses: half of 100, 200, 400 and 800 ms.
    expect(performance.now() - began).toBeGreaterThan(700);
    expect(log.of("warning").filter((line) => line.includes("Reading changes from the database failed"))).toHaveLength(
      1,
    );
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await recorder.of("pump", "insert");
  });

  it("that was blocked for a while reports the changed table only", async () => {
    const recorder = await watch(await open(), ["pump", "valve"], true);
    const client = await connect();
    await client.query("BEGIN; LOCK TABLE peek_vortex.change; SELECT pg_sleep(0.6)");
    await client.query("INSERT INTO pl_pump.pump VALUES (1, 1); COMMIT");
    expect((await recorder.of("pump")).rows).toEqual([{ id: 1, level: 1 }]);
    expect(recorder.changes).toHaveLength(1);
  });

  it("reports all tables when it was blocked while another reader removed changes", async () => {
    const first = await watch(await open(), ["pump"], true);
    const second = await watchAsAnother(["pump", "valve"]);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await first.of("pump", "insert");
    await second.of("pump", "insert");
    second.clear();
    const client = await connect();
    await client.query("BEGIN; LOCK TABLE peek_vortex.change; SELECT pg_sleep(0.6); COMMIT");
    await second.of("valve", "update");
  });

  it("takes over removing changes when the other reader has gone", async () => {
    const first = stack.use(await openStorage(database, { timing: shortTiming }));
    await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
    await first.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined);
    const second = await watchAsAnother(["pump"]);
    await first[Symbol.asyncDispose]();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await second.of("pump", "insert");
    let left = 1;
    while (left > 0) left = (await database.query("SELECT FROM peek_vortex.change")).length;
  });
});

/** The changes that another logic service gets, which is about to take the place of this one. */
async function watchAsAnother(tables: readonly string[]): Promise<ChangeRecorder> {
  return await watch(stack.use(await openStorage(database, { timing: shortTiming })), tables, true);
}
