import { serviceConfigSchema } from "@peek/config";
import { sql } from "@peek/plugin-base/storage";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "@peek/storage";
import { copyDatabase } from "../src/copy/index.ts";
import {
  caught,
  enter,
  migrations,
  nameOf,
  openStorage,
  pluginFolder,
  pluginOf,
  type StorageTestOptions,
  shortTiming,
  signal,
  sqlMigration,
  TestLog,
  until,
  valueOf,
} from "./support.ts";
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

/** The storage of a logic service, with a plugin that has two tables. */
async function open(options: StorageTestOptions = {}): Promise<Storage> {
  const storage = stack.use(await openStorage(database, options));
  const role = storage.catalogue?.pluginSchemas.get(plugin)?.role;
  await database.query(`
    CREATE TABLE IF NOT EXISTS pl_pump.pump (id int PRIMARY KEY, level int);
    CREATE TABLE IF NOT EXISTS pl_pump.valve (id int PRIMARY KEY, pump int REFERENCES pl_pump.pump ON DELETE CASCADE);
    ${role === undefined ? "" : `ALTER TABLE pl_pump.pump OWNER TO ${role}; ALTER TABLE pl_pump.valve OWNER TO ${role}`}
  `);
  return storage;
}

async function watch(storage: Storage, tables: readonly string[], rows = false): Promise<ChangeRecorder> {
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables, rows }, recorder.listener));
  recorder.clear();
  return recorder;
}

/** A connection of another client, such as psql. */
async function connect(url = database.connectUrl): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

describe("A committed change of a watched table", () => {
  it("notifies the watcher after INSERT, UPDATE, DELETE and TRUNCATE of any client", async () => {
    const recorder = await watch(await open(), ["pump"]);
    const steps = [
      ["insert", "INSERT INTO pl_pump.pump SELECT n, 1 FROM generate_series(1, 500) AS n"],
      ["update", "UPDATE pl_pump.pump SET level = 2 WHERE id = 1"],
      ["delete", "DELETE FROM pl_pump.pump WHERE id = 1"],
      ["truncate", "TRUNCATE pl_pump.pump CASCADE"],
    ] as const;
    for (const [operation, text] of steps) {
      await database.query(text);
      expect(await recorder.of("pump", operation)).toEqual({ table: "pump", operation, rows: undefined });
      recorder.clear();
    }
  });

  it("has its new and old rows, if the watcher wants them and they are few and small", async () => {
    const recorder = await watch(await open(), ["pump"], true);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 5), (2, NULL)");
    expect((await recorder.of("pump", "insert")).rows).toEqual([
      { id: 1, level: 5 },
      { id: 2, level: null },
    ]);
    await database.query("UPDATE pl_pump.pump SET level = 6 WHERE id = 1");
    expect((await recorder.of("pump", "update")).rows).toEqual([
      { id: 1, level: 5 },
      { id: 1, level: 6 },
    ]);
    await database.query("DELETE FROM pl_pump.pump WHERE id = 2");
    expect((await recorder.of("pump", "delete")).rows).toEqual([{ id: 2, level: null }]);
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump SELECT n, 1 FROM generate_series(10, 109) AS n");
    expect((await recorder.of("pump", "insert")).rows).toHaveLength(100);
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump SELECT n, 1 FROM generate_series(200, 300) AS n");
    expect((await recorder.of("pump", "insert")).rows).toBeUndefined();
    recorder.clear();
    await database.query("ALTER TABLE pl_pump.pump ADD COLUMN note text");
    await recorder.of("pump", "update");
    recorder.clear();
    await database.query("UPDATE pl_pump.pump SET note = repeat(md5('x'), 10000) WHERE id = 1");
    expect((await recorder.of("pump", "update")).rows).toBeUndefined();
    recorder.clear();
    await database.query("UPDATE pl_pump.pump SET note = 'short' WHERE id = 10");
    expect((await recorder.of("pump", "update")).rows?.at(-1)).toEqual({ id: 10, level: 1, note: "short" });
  });

  it("by COPY has its rows, if they are few", async () => {
    const recorder = await watch(await open(), ["pump"], true);
    const client = await connect();
    const copyIn = async (ids: readonly number[]): Promise<void> => {
      const lines = ids.map((id) => `${id}\t7\n`);
      await pipeline(lines, client.query(copyFrom("COPY pl_pump.pump FROM STDIN")));
    };
    await copyIn([1, 2]);
    expect(await recorder.of("pump", "insert")).toMatchObject({
      rows: [
        { id: 1, level: 7 },
        { id: 2, level: 7 },
      ],
    });
    recorder.clear();
    await copyIn(Array.from({ length: 1000 }, (_, n) => 10 + n));
    expect(await recorder.of("pump", "insert")).toMatchObject({ rows: undefined });
    expect(recorder.changes).toHaveLength(1);
  });

  it("by TRUNCATE is reported for referring tables and partitions too", async () => {
    const storage = await open();
    await database.query(`
      CREATE TABLE pl_pump.log (at int) PARTITION BY RANGE (at);
      CREATE TABLE pl_pump.log_1 PARTITION OF pl_pump.log FOR VALUES FROM (0) TO (10)`);
    const recorder = await watch(storage, ["pump", "valve", "log"], true);
    await database.query("TRUNCATE pl_pump.pump CASCADE");
    await recorder.of("pump", "truncate");
    await recorder.of("valve", "truncate");
    await database.query("TRUNCATE pl_pump.log_1");
    expect(await recorder.of("log", "truncate")).toEqual({ table: "log", operation: "truncate", rows: undefined });
  });

  it("is reported for rows that a foreign key deletes, and for rows of a partition", async () => {
    const storage = await open();
    await database.query(`
      CREATE TABLE pl_pump.log (at int, what text) PARTITION BY RANGE (at);
      CREATE TABLE pl_pump.log_1 PARTITION OF pl_pump.log FOR VALUES FROM (0) TO (10)`);
    const recorder = await watch(storage, ["valve", "log"]);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1); INSERT INTO pl_pump.valve VALUES (7, 1)");
    await recorder.of("valve", "insert");
    await database.query("DELETE FROM pl_pump.pump");
    await recorder.of("valve", "delete");
    await database.query("INSERT INTO pl_pump.log_1 VALUES (3, 'straight into it')");
    await recorder.of("log", "insert");
    recorder.clear();
    await database.query("INSERT INTO pl_pump.log VALUES (4, 'by its table')");
    await recorder.of("log", "insert");
    expect(recorder.changes.every(({ table }) => table === "log")).toBe(true);
  });

  it("is not reported after a rollback, without changed rows, or in a table that is not watched", async () => {
    const recorder = await watch(await open(), ["valve"]);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await database.query("BEGIN; INSERT INTO pl_pump.valve VALUES (1, 1); ROLLBACK");
    await database.query("UPDATE pl_pump.valve SET id = 0 WHERE false; DELETE FROM pl_pump.valve");
    await database.query("INSERT INTO pl_pump.valve VALUES (2, 1)");
    await recorder.of("valve", "insert");
    expect(recorder.changes).toHaveLength(1);
  });

  it("is reported for every transaction in any order of commits, also while another transaction stays open", async () => {
    const recorder = await watch(await open(), ["pump"], true);
    const long = await connect();
    await long.query("BEGIN; INSERT INTO pl_pump.pump VALUES (1000, 0)");
    const clients = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (let round = 0; round < 2; round += 1) {
      const ids = clients.map((_, index) => round * 10 + index);
      for (const [index, client] of clients.entries()) {
        await client.query("BEGIN");
        await client.query("INSERT INTO pl_pump.pump VALUES ($1, 0)", [ids[index]]);
      }
      // The last to begin is the first to commit, and each is reported before the next.
      for (const [index, client] of [...clients.entries()].toReversed()) {
        await client.query("COMMIT");
        const told_ = (): boolean => recorder.changes.some(({ rows }) => rows?.[0]?.["id"] === ids[index]);
        await until(`row ${ids[index]} is reported`, told_);
      }
    }
    expect(recorder.changes).toHaveLength(10);
    await long.query("COMMIT");
    await until("the long one is reported", () => recorder.changes.length === 11);
    expect(recorder.changes.at(-1)?.rows).toEqual([{ id: 1000, level: 0 }]);
  });

  it("is reported once for each of many concurrent statements, also while the reader polls", async () => {
    const recorder = await watch(await open(), ["pump"], true);
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect()));
    const isAwake = (): Promise<unknown> => valueOf(database, "SELECT NOT asleep FROM peek_vortex.reader");
    let wasAwake = false;
    await Promise.all(
      clients.map(async (client, index) => {
        for (let n = 0; n < 250; n += 1) {
          const id = index * 1000 + n;
          await client.query(n % 10 === 9 ? "BEGIN" : "SELECT 1");
          await client.query("INSERT INTO pl_pump.pump VALUES ($1, 0)", [id]);
          if (n % 10 === 9) await client.query("ROLLBACK");
          if (index === 0 && n % 25 === 24) wasAwake ||= (await isAwake()) === true;
        }
      }),
    );
    expect(wasAwake).toBe(true);
    const ids = (): readonly unknown[] => recorder.changes.flatMap(({ rows }) => rows ?? []).map(({ id }) => id);
    await until("all are reported", () => ids().length >= 8 * 225);
    const committed = await database.query("SELECT id FROM pl_pump.pump ORDER BY id");
    expect(ids().toSorted((a, b) => Number(a) - Number(b))).toEqual(committed.map(({ id }) => id));
    // The reader waits for notifications again, and a single change is still reported at once.
    while ((await isAwake()) === true) await database.query("SELECT pg_sleep(0.02)");
    recorder.clear();
    await database.query("UPDATE pl_pump.pump SET level = 1 WHERE id = 0");
    await recorder.of("pump", "update");
  });

  it("is reported to both watchers, with rows to the one that wants them, and not to a stopped one", async () => {
    const storage = await open();
    const plain = await watch(storage, ["pump"]);
    const withRows = await watch(storage, ["pump", "valve"], true);
    const stopped = new ChangeRecorder();
    const stopping = await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, stopped.listener);
    await stopping[Symbol.asyncDispose]();
    stopped.clear();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    expect((await plain.of("pump", "insert")).rows).toBeUndefined();
    expect((await withRows.of("pump", "insert")).rows).toEqual([{ id: 1, level: 1 }]);
    expect(stopped.changes).toEqual([]);
  });
});

describe("watch()", () => {
  it("creates nothing in the database and opens no connection before its first call", async () => {
    const storage = await open();
    expect([typeof storage.changes.watch, typeof storage.ledger.execute]).toEqual(["function", "function"]);
    expect(await valueOf(database, "SELECT to_regnamespace('peek_vortex')::text")).toBeNull();
    expect(await valueOf(database, readers)).toBe(0);
    await watch(storage, ["pump"]);
    expect(await valueOf(database, readers)).toBe(1);
  });

  it("rejects a name that is no table of the plugin, and names the tables that a view reads", async () => {
    const storage = await open();
    await database.query(`
      CREATE VIEW pl_pump.shown AS SELECT pump.id FROM pl_pump.pump JOIN pl_pump.valve USING (id);
      CREATE VIEW pl_pump.again AS SELECT * FROM pl_pump.shown;
      CREATE MATERIALIZED VIEW pl_pump.kept AS SELECT * FROM pl_pump.again;
      CREATE VIEW pl_pump.constant AS SELECT 1 AS one;
      CREATE SEQUENCE pl_pump.number`);
    for (const [table, why] of [
      ["nowhere", "which is not in its schema pl_pump. Correct the name"],
      ["shown", "which is a view and cannot be watched"],
      ["shown", "Watch the tables that it reads: pump, valve."],
      [
        "again",
        "which is a view and cannot be watched: PostgreSQL reports no changes of it. Watch the tables that it reads: pump, valve.",
      ],
      [
        "kept",
        "which is a materialized view and cannot be watched: PostgreSQL reports no changes of it. Watch the tables that it reads: pump, valve.",
      ],
      ["constant", "Watch the tables that contain the data."],
      ["number", "which is a sequence and cannot be watched"],
    ] as const) {
      const error = await caught(() =>
        storage.changes.watch(plugin, { tables: ["pump", table], rows: false }, () => undefined),
      );
      expect([error.code, error.message]).toEqual([
        "OBSERVABLE_TABLE_UNKNOWN",
        expect.stringContaining(`${plugin} watches the table ${table}, `),
      ]);
      expect(error.message).toContain(why);
    }
  });

  it("creates missing triggers of a table that was recreated, and enables disabled ones", async () => {
    await watch(await open(), ["pump", "valve"]);
    await database.query(`
      DROP TABLE pl_pump.valve; CREATE TABLE pl_pump.valve (id int);
      ALTER TABLE pl_pump.pump DISABLE TRIGGER peek_vortex_delete`);
    const again = await watch(await open(), ["pump", "valve"]);
    await database.query("INSERT INTO pl_pump.pump VALUES (2, 1); INSERT INTO pl_pump.valve VALUES (2)");
    await database.query("DELETE FROM pl_pump.pump");
    await again.of("pump", "insert");
    await again.of("pump", "delete");
    await again.of("valve", "insert");
  });

  it("waits for transactions that write to a new table, and blocks other writers only shortly", async () => {
    const storage = await open();
    const writing = await connect();
    await writing.query("BEGIN; INSERT INTO pl_pump.pump VALUES (1, 1)");
    const recorder = new ChangeRecorder();
    const watching = storage.changes.watch(plugin, { tables: ["pump"], rows: false }, recorder.listener);
    const began = performance.now();
    for (let n = 2; n < 12; n += 1) await database.query(`INSERT INTO pl_pump.pump VALUES (${n}, 1)`);
    expect(performance.now() - began).toBeLessThan(4000);
    await writing.query("COMMIT");
    stack.use(await watching);
    recorder.clear();
    await database.query("UPDATE pl_pump.pump SET level = 2 WHERE id = 1");
    await recorder.of("pump", "update");
  });

  it("follows tables that migrations create, drop and recreate, and blocks no migration", async () => {
    const name = "peek_plugin_moved";
    const files = {
      "0001_pump.ts": sqlMigration("CREATE TABLE pump (id int PRIMARY KEY)", "DROP TABLE pump"),
      "0002_change.ts": sqlMigration(
        `INSERT INTO pump VALUES (1), (2); UPDATE pump SET id = id + 10;
         ALTER TABLE pump ALTER id TYPE bigint; ALTER TABLE pump RENAME TO old;
         CREATE TABLE pump (id bigint PRIMARY KEY, level int); INSERT INTO pump SELECT id FROM old; DROP TABLE old`,
        `ALTER TABLE pump DROP COLUMN level; TRUNCATE pump`,
      ),
    };
    const first = pluginFolder();
    const storage = stack.use(
      await openStorage(database, {
        plugins: [pluginOf(name, migrations({ "0001_pump.ts": files["0001_pump.ts"] }, first))],
      }),
    );
    const recorder = new ChangeRecorder();
    const watchAgain = async (): Promise<void> => {
      stack.use(await storage.changes.watch(name, { tables: ["pump"], rows: true }, recorder.listener));
      recorder.clear();
    };
    const isFollowed = async (id: number): Promise<void> => {
      await watchAgain();
      await database.query(`INSERT INTO pl_moved.pump VALUES (${id})`);
      await until(`the row ${id} is reported`, () =>
        recorder.changes.some(({ operation, rows }) => operation === "insert" && Number(rows?.[0]?.["id"]) === id),
      );
      await database.query("DELETE FROM pl_moved.pump");
      await recorder.of("pump", "delete");
    };
    await storage.migrate(name, signal);
    await isFollowed(100);
    migrations(files, first);
    recorder.clear();
    expect((await storage.dryRun(name, signal)).map((each) => each.name)).toEqual(["0002_change"]);
    // A dry run is not reported; watched tables still are.
    await database.query("INSERT INTO pl_moved.pump VALUES (200)");
    await recorder.of("pump", "insert");
    expect(recorder.changes).toHaveLength(1);
    await database.query("DELETE FROM pl_moved.pump");
    expect(await storage.migrate(name, signal)).toEqual(["0002_change"]);
    await isFollowed(300);
    expect(await storage.rollback(name, { to: "0" }, signal)).toEqual(["0002_change", "0001_pump"]);
    expect(
      await caught(() => storage.changes.watch(name, { tables: ["pump"], rows: true }, recorder.listener)),
    ).toMatchObject({ code: "OBSERVABLE_TABLE_UNKNOWN" });
  });

  it("drops the triggers of a table that was not watched since the last start", async () => {
    const triggers =
      "SELECT string_agg(DISTINCT tgrelid::regclass::text, ' ') FROM pg_trigger WHERE starts_with(tgname, 'peek_vortex')";
    const start = async (...tables: string[]): Promise<void> => {
      await using own = new AsyncDisposableStack();
      const storage = own.use(await openStorage(database));
      own.use(await storage.changes.watch(plugin, { tables, rows: false }, () => undefined));
    };
    await (await open())[Symbol.asyncDispose]();
    await start("pump", "valve");
    await start("pump");
    expect(await valueOf(database, triggers)).toBe("pl_pump.pump pl_pump.valve");
    await start("pump");
    expect(await valueOf(database, triggers)).toBe("pl_pump.pump");
  });
});

const readers =
  "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'peek test changes'";
const cutReader =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'peek test changes'";

describe("A reader of changes", () => {
  it("reports all tables as changed after its connection was cut, without a loss of the database", async () => {
    const log = new TestLog();
    const recorder = await watch(await open({ log }), ["pump", "valve"], true);
    await database.query(cutReader);
    await recorder.of("pump");
    expect(recorder.changes).toEqual([
      { table: "pump", operation: "update", rows: undefined },
      { table: "valve", operation: "update", rows: undefined },
    ]);
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1, level: 1 }]);
    expect(log.of("warning", "error")).toEqual([]);
  });

  it("reconnects when the database accepts connections again, and two lines are logged", async () => {
    const log = new TestLog();
    const recorder = await watch(await open({ log }), ["pump"]);
    const name = await nameOf(database);
    const server = await connect(database.connectUrl.replace(/^([a-z]+:\/\/[^/]*\/)[^?]*/, "$1template1"));
    await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await until("the loss is noticed", () => log.of("error").length > 0);
    await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await recorder.of("pump", "update");
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await recorder.of("pump", "insert");
    expect(log.of("error")).toHaveLength(1);
    expect(log.of("warning")).toEqual([]);
  });

  it("that is absent bounds the outbox: after 100,000 changes, no more are recorded", async () => {
    await (await watchOnce())[Symbol.asyncDispose]();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    expect(await valueOf(database, noted)).toBe(1);
    await database.query("SELECT setval('peek_vortex.unread', 100000)");
    await database.query("INSERT INTO pl_pump.pump VALUES (2, 1)");
    expect(await valueOf(database, noted)).toBe(1);
  });

  it("notifies again when transactions have ended that ran while it was absent", async () => {
    await (await watchOnce())[Symbol.asyncDispose]();
    await database.query("SELECT setval('peek_vortex.unread', 100000)");
    const unseen = await connect();
    await unseen.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    await unseen.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    const recorder = await watch(await openAgain(), ["pump"]);
    await unseen.query("INSERT INTO pl_pump.pump VALUES (2, 1); COMMIT");
    expect(await recorder.of("pump", "update")).toEqual({ table: "pump", operation: "update", rows: undefined });
  });

  it("reads the changes of 100,000 statements, and omits rows beyond its limit", async () => {
    const recorder = await watch(await open(), ["pump", "valve"], true);
    const client = await connect();
    // The maximum that triggers record: statements without rows, and with more rows than the reader reports.
    const note = (table: string, rows: string): string =>
      `INSERT INTO peek_vortex.change SELECT pg_current_xact_id(), 'pl_pump.${table}'::regclass, 'INSERT', ${rows} FROM generate_series(1, 100000) AS n`;
    const steps = [
      ["valve", "NULL"],
      [
        "pump",
        `jsonb_build_object('columns', '[["id", 23]]'::jsonb, 'records', jsonb_build_array('(' || n || ')', repeat('x', 20)))`,
      ],
    ] as const;
    for (const [table, rows] of steps) {
      recorder.clear();
      await client.query(note(table, rows));
      expect(await recorder.of(table)).toMatchObject({ rows: undefined });
      // On a slow machine, one change of each table instead.
      expect(recorder.changes.length).toBeLessThan(3);
    }
    recorder.clear();
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1, level: 1 }]);
  });

  it("removes changes that it has read", async () => {
    const recorder = await watch(await open({ timing: shortTiming }), ["pump"]);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    await recorder.of("pump", "insert");
    await untilGone();
  });
});

const noted = "SELECT count(*)::int FROM peek_vortex.change";

async function untilGone(): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while ((await valueOf(database, noted)) !== 0) {
    if (performance.now() > giveUpAt) throw new Error("What was read is still there");
    await database.query("SELECT pg_sleep(0.1)");
  }
}

async function openAgain(): Promise<Storage> {
  return stack.use(await openStorage(database));
}

/** A storage that has watched the table pump, and stopped. */
async function watchOnce(): Promise<Storage> {
  const storage = await open();
  await using _watching = await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined);
  return storage;
}

describe("A storage with watched tables", () => {
  it("closes soon also when the database does not answer", async () => {
    await open();
    await using proxy = await TcpProxy.open(database);
    const storage = await openStorage(proxy, { config: { statementTimeoutSeconds: 60 } });
    await using _watching = await storage.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined);
    const asked = Promise.withResolvers<void>();
    proxy.fate = () => {
      asked.resolve();
      return "swallow";
    };
    await asked.promise;
    const began = performance.now();
    await storage[Symbol.asyncDispose]();
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it("can be copied", async () => {
    const name = "peek_plugin_copied";
    const tables = migrations({
      "0001_pump.ts": sqlMigration("CREATE TABLE pump (id int); INSERT INTO pump VALUES (1)"),
    });
    const plugins = [pluginOf(name, tables)];
    const source = stack.use(await openStorage(database, { plugins }));
    await source.migrate(name, signal);
    {
      await using _watching = await source.changes.watch(name, { tables: ["pump"], rows: true }, () => undefined);
    }
    await using target = await openTestDatabase();
    const config = serviceConfigSchema.parse({ storage: { connectUrl: target.connectUrl } }).storage;
    const report = await copyDatabase({
      source,
      target: {
        ...{ title: "peek storage copy", config, plugins, embeddedDir: "", embedded: "find", signal },
        getLogger: () => new TestLog(),
      },
      without: [],
      onTable: () => undefined,
    });
    expect(report).toMatchObject({ plugins: [name], tables: 1, rows: 1 });
    expect(await valueOf(target, "SELECT to_regnamespace('peek_vortex')::text")).toBeNull();
  });
});

describe("A plugin", () => {
  it("can neither read nor change the outbox of other plugins", async () => {
    const storage = await open({ plugins: [plugin, "peek_plugin_other"] });
    await watch(storage, ["pump"]);
    const pump = await valueOf(database, "SELECT 'pl_pump.pump'::regclass::oid");
    await using other = enter(storage, "peek_plugin_other");
    for (const text of [
      "SELECT * FROM peek_vortex.change",
      "UPDATE peek_vortex.reader SET asleep = false",
      "SELECT nextval('peek_vortex.unread')",
      "DELETE FROM peek_vortex.watched",
      `INSERT INTO peek_vortex.change VALUES (pg_current_xact_id(), ${String(pump)}, 'DELETE', NULL)`,
      "CREATE TABLE forged (); CREATE TRIGGER forged AFTER INSERT ON forged EXECUTE FUNCTION peek_vortex.note_rows()",
    ]) {
      const error = await caught(() => sql.raw(text).execute(other.storage.db));
      expect(error.code).toBe("STORAGE_DENIED");
    }
  });

  it("cannot record changes of another plugin's table by a trigger of its own", async () => {
    const storage = await open({ plugins: [plugin, "peek_plugin_other"] });
    const pump = String(await valueOf(database, "SELECT 'pl_pump.pump'::regclass::oid"));
    const recorder = await watch(storage, ["pump"], true);
    await using other = enter(storage, "peek_plugin_other");
    const run = async (text: string): Promise<unknown> => await sql.raw(text).execute(other.storage.db);
    await run(`
      CREATE TABLE own (id int);
      CREATE FUNCTION forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM peek_vortex.note(${pump}::oid, 'INSERT', '[{"id": 999, "level": 1}]'::jsonb);
        RETURN NULL;
      END $$;
      CREATE TRIGGER forge AFTER INSERT ON own FOR EACH STATEMENT EXECUTE FUNCTION forge()`);
    expect(await caught(() => run("INSERT INTO own VALUES (1)"))).toMatchObject({ code: "STORAGE_QUERY_FAILED" });
    expect(await valueOf(database, `SELECT count(*)::int FROM peek_vortex.change WHERE relation = ${pump}`)).toBe(0);
    await database.query("INSERT INTO pl_pump.pump VALUES (1, 1)");
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1, level: 1 }]);
    expect(recorder.changes).toHaveLength(1);
  });

  it("gets changes of its tables also where all plugins share one account", async () => {
    const name = await nameOf(database);
    await database.query(
      `CREATE ROLE ${name}_owner LOGIN PASSWORD 'secret'; ALTER DATABASE ${name} OWNER TO ${name}_owner`,
    );
    const connectUrl = database.connectUrl.replace(/\/\/[^@]*@/, `//${name}_owner:secret@`);
    const storage = stack.use(await openStorage({ connectUrl }));
    await using entered = enter(storage);
    await sql`CREATE TABLE pump (id int)`.execute(entered.storage.db);
    const recorder = await watch(storage, ["pump"], true);
    await sql`INSERT INTO pump VALUES (1)`.execute(entered.storage.db);
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1 }]);
  });
});
