import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedServer, type Storage } from "@peek/storage";
import { enter, openStorage, until } from "../support.ts";
import { ChangeRecorder } from "../ChangeRecorder.ts";
import { MachineServer, noMachineClock } from "./MachineServer.ts";
import { quick } from "./testServer.ts";
import { TestLog } from "./TestLog.ts";

const plugin = "peek_plugin_pump";

/** A database on the server of this file. */
interface Database {
  readonly connectUrl: string;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

let dir: string;
let server: EmbeddedServer;
let databases = 0;
let stack: AsyncDisposableStack;

/** Creates a database on this file's server, whose settings a superuser has changed. */
async function makeDatabase(on = server): Promise<Database> {
  const { host, port, user, password } = on.connection;
  databases += 1;
  const name = `pumps_${databases}`;
  const urlOf = (database: string): string =>
    `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  const run = async (database: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    await client.connect();
    try {
      const result: unknown = await client.query<Record<string, unknown>>(sql);
      const last = Array.isArray(result) ? result.at(-1) : result;
      return last.rows;
    } finally {
      await client.end();
    }
  };
  await run(on.connection.database, `CREATE DATABASE ${name}`);
  return { connectUrl: urlOf(name), query: (sql) => run(name, sql) };
}

async function openWithTable(database: Database): Promise<Storage> {
  const storage = stack.use(await openStorage(database));
  await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
  return storage;
}

async function watch(storage: Storage, rows = false): Promise<ChangeRecorder> {
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows }, recorder.listener));
  recorder.clear();
  return recorder;
}

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "peek-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

describe("On a server with logical replication and prepared transactions", () => {
  beforeAll(async () => {
    server = await EmbeddedServer.open({
      dir: join(dir, "replicated"),
      logger: new TestLog(),
      maxConnections: 50,
      settings: {
        ...quick,
        wal_level: "logical",
        max_prepared_transactions: "5",
        max_wal_senders: "5",
        max_worker_processes: "8",
        max_logical_replication_workers: "4",
      },
    });
  });
  afterAll(() => server.stop());

  it("rows that logical replication writes are reported", async () => {
    const publisher = await makeDatabase();
    await publisher.query(`
      CREATE SCHEMA pl_pump;
      CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int);
      CREATE PUBLICATION pumps FOR TABLE pl_pump.pump`);
    await publisher.query("SELECT pg_create_logical_replication_slot('pumps', 'pgoutput')");
    const subscriber = await makeDatabase();
    const storage = await openWithTable(subscriber);
    const withRows = await watch(storage, true);
    const without = await watch(storage);
    await subscriber.query(`
      CREATE SUBSCRIPTION pumps CONNECTION '${publisher.connectUrl}' PUBLICATION pumps
        WITH (create_slot = false, slot_name = pumps, copy_data = false)`);
    stack.defer(() => subscriber.query("DROP SUBSCRIPTION pumps").then(() => undefined));

    await publisher.query("INSERT INTO pl_pump.pump VALUES (1, 5)");
    expect(await withRows.of("pump", "insert")).toMatchObject({ rows: [{ id: 1, level: 5 }] });
    await without.of("pump", "insert");
    await publisher.query("UPDATE pl_pump.pump SET level = 6");
    expect((await withRows.of("pump", "update")).rows?.at(-1)).toEqual({ id: 1, level: 6 });
    await without.of("pump", "update");
    await publisher.query("DELETE FROM pl_pump.pump");
    await withRows.of("pump", "delete");
    await without.of("pump", "delete");

    withRows.clear();
    without.clear();
    await publisher.query("INSERT INTO pl_pump.pump SELECT n, 1 FROM generate_series(1, 1000) AS n");
    await until("all is reported", () => withRows.changes.some(({ rows }) => rows === undefined));
    expect(withRows.changes.length).toBeLessThanOrEqual(101);
    await without.of("pump", "insert");
    expect(without.changes).toHaveLength(1);
  });

  it("a transaction on a watched table can be prepared, and is reported after its commit", async () => {
    const database = await makeDatabase();
    const recorder = await watch(await openWithTable(database));
    for (const id of [1, 2, 3]) {
      recorder.clear();
      await database.query(`BEGIN; INSERT INTO pl_pump.pump VALUES (${id}, 1); PREPARE TRANSACTION 'pump'`);
      await database.query("CREATE TABLE IF NOT EXISTS other (); SELECT pg_sleep(0.1)");
      expect(recorder.changes).toEqual([]);
      await database.query("COMMIT PREPARED 'pump'");
      expect(await recorder.of("pump", "insert")).toMatchObject({ operation: "insert" });
    }
  });

  it("a transaction that was prepared while no reader was present is reported after its commit", async () => {
    const database = await makeDatabase();
    {
      await using storage = await openStorage(database);
      await using _entered = enter(storage);
      await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int)");
      await using _watching = await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined);
    }
    await database.query("SELECT setval('peek_vortex.unread', 100000)");
    await database.query("BEGIN; INSERT INTO pl_pump.pump VALUES (1, 1); PREPARE TRANSACTION 'before'");
    const client = new pg.Client({ connectionString: database.connectUrl });
    await client.connect();
    stack.defer(() => client.end());
    await client.query("BEGIN; INSERT INTO pl_pump.pump VALUES (2, 1)");
    const recorder = await watch(stack.use(await openStorage(database)));
    await client.query("PREPARE TRANSACTION 'after'");
    await recorder.of("pump");
    for (const name of ["before", "after"]) {
      recorder.clear();
      await database.query(`COMMIT PREPARED '${name}'`);
      await recorder.of("pump");
    }
  });
});

describe.skipIf(noMachineClock && process.env["CI"] === undefined)("On a machine whose clock is set", () => {
  it("changes are reported after the clock was set forward, back and by hours", async () => {
    const clock = stack.use(await MachineServer.start());
    const query = (sql: string) => clock.query("postgres", sql);
    const recorder = await watch(await openWithTable({ connectUrl: clock.urlOf("postgres"), query }));
    const now = async (): Promise<number> =>
      Number((await query("SELECT extract(epoch FROM now()) AS now"))[0]?.["now"]);
    const before = await now();
    let id = 0;
    for (const offset of ["+90", "+0", "+3700", "-3600", "+0"]) {
      clock.setClock(offset);
      expect(Math.abs((await now()) - before - Number(offset))).toBeLessThan(60);
      id += 1;
      recorder.clear();
      await query(`INSERT INTO pl_pump.pump VALUES (${id}, 1)`);
      await recorder.of("pump", "insert");
    }
  });
});
