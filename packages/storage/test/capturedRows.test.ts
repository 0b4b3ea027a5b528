import { sql } from "@peek/plugin-base/storage";
import fc from "fast-check";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Storage } from "@peek/storage";
import { parseRecord } from "../src/outbox/parseRecord.ts";
import { enter, openStorage } from "./support.ts";
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

/** Columns of many types, each with a value whose text depends on settings or that JSON would round. */
const columns: readonly (readonly [name: string, type: string, value: string])[] = [
  ["id", "bigint PRIMARY KEY", "9007199254740993"],
  ["small_id", "bigint", "5"],
  ["amount", "numeric", "1.50"],
  ["huge", "numeric", "123456789012345678901234567890.123456789"],
  ["not_a_number", "numeric", "'NaN'"],
  ["double", "double precision", "0.1::float8 + 0.2::float8"],
  ["endless", "real", "'-Infinity'"],
  ["yes", "boolean", "true"],
  ["at", "timestamptz", "'2026-03-05 02:00:00.123456+00'"],
  ["local_at", "timestamp", "'2026-03-05 02:00:00'"],
  ["forever", "timestamptz", "'infinity'"],
  ["day", "date", "'2026-03-04'"],
  ["clock", "time", "'13:14:15'"],
  ["span", "interval", "'1 day 02:03:04'"],
  ["bytes", "bytea", `'\\x00ff'::bytea`],
  ["span_of_days", "daterange", "'[2026-03-04,2026-03-09)'"],
  ["times", "tstzrange", "'[2026-03-04 00:00+00,2026-03-05 00:00+00)'"],
  ["numbers", "bigint[]", "'{1,NULL,9007199254740993}'"],
  ["grid", "int[][]", "'{{1,2},{3,4}}'"],
  ["texts", "text[]", `'{"a,b","c\\"d",NULL,"NULL"}'`],
  ["moments", "timestamptz[]", "'{2026-03-04 00:00+00}'"],
  ["body", "jsonb", `'{"n": 9007199254740993, "t": "x"}'`],
  ["null_body", "jsonb", "'null'"],
  ["empty", "text", "''"],
  ["nothing", "text", "NULL"],
  ["quoted", "text", `E'a "quoted", (text)\\\\ with\\nlines'`],
  ["level", "pl_pump.level", "7"],
  ["code", "pl_pump.code", "9007199254740993"],
  ["mood", "pl_pump.mood", "'good'"],
  ["place", "pl_pump.place", "ROW(1.5, 'a b', '2026-03-05 02:00:00+00')"],
  ["padded", "char(5)", "'ab'"],
  ["address", "inet", "'10.0.0.1/8'"],
  ["uid", "uuid", "'11111111-2222-3333-4444-555555555555'"],
  ["corner", "point", "'(1.5,2)'"],
  ["Odd Name", "int", "3"],
];

/** Settings of a writer's session that change the text format of values. */
const odd = `
  SET TimeZone = 'America/New_York'; SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'postgres_verbose';
  SET extra_float_digits = 0; SET bytea_output = 'escape'`;

async function openWithTypes(): Promise<Storage> {
  const storage = stack.use(await openStorage(database));
  const role = storage.catalogue?.pluginSchemas.get(plugin)?.role;
  await database.query(`
    CREATE DOMAIN pl_pump.level AS int CHECK (VALUE >= 0);
    CREATE DOMAIN pl_pump.long_code AS bigint;
    CREATE DOMAIN pl_pump.code AS pl_pump.long_code;
    CREATE TYPE pl_pump.mood AS ENUM ('good', 'bad');
    CREATE TYPE pl_pump.place AS (x float8, name text, at timestamptz);
    CREATE TABLE pl_pump.pump (dropped int, ${columns.map(([name, type]) => `"${name}" ${type}`).join(", ")});
    ALTER TABLE pl_pump.pump DROP COLUMN dropped;
    ${role === undefined ? "" : `ALTER TABLE pl_pump.pump OWNER TO ${role}`}`);
  return storage;
}

async function writer(settings = ""): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.connectUrl });
  await client.connect();
  stack.defer(() => client.end());
  await client.query(settings);
  return client;
}

it("Captured rows have the values of a SELECT, with any settings of the writer's session", async () => {
  const storage = await openWithTypes();
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: true }, recorder.listener));
  await using entered = enter(storage);
  const client = await writer(odd);
  const values = columns.map(([, , value]) => value).join(", ");

  recorder.clear();
  await client.query(`INSERT INTO pl_pump.pump VALUES (${values})`);
  const selected = await sql<Record<string, unknown>>`SELECT * FROM pump`.execute(entered.storage.db);
  expect(selected.rows[0]?.["id"]).toBe(9007199254740993n);
  expect((await recorder.of("pump", "insert")).rows).toEqual(selected.rows);

  recorder.clear();
  await client.query("UPDATE pl_pump.pump SET small_id = 6");
  const updated = await sql<Record<string, unknown>>`SELECT * FROM pump`.execute(entered.storage.db);
  expect((await recorder.of("pump", "update")).rows).toEqual([...selected.rows, ...updated.rows]);

  recorder.clear();
  await client.query("DELETE FROM pl_pump.pump");
  expect((await recorder.of("pump", "delete")).rows).toEqual(updated.rows);
});

it("Rows captured before a column was renamed, dropped or retyped have the columns of that time", async () => {
  const storage = stack.use(await openStorage(database));
  await database.query("CREATE TABLE pl_pump.pump (id int PRIMARY KEY, level int, note text)");
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: true }, recorder.listener));
  recorder.clear();
  const client = await writer();
  await client.query(`
    BEGIN;
    INSERT INTO pl_pump.pump VALUES (1, 5, 'x');
    ALTER TABLE pl_pump.pump RENAME COLUMN level TO height;
    ALTER TABLE pl_pump.pump DROP COLUMN note;
    ALTER TABLE pl_pump.pump ALTER COLUMN height TYPE text USING 'high';
    DELETE FROM pl_pump.pump;
    COMMIT`);
  expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1, level: 5, note: "x" }]);
  expect((await recorder.of("pump", "delete")).rows).toEqual([{ id: 1, height: "high" }]);
});

it("Rows of a table with a virtual column are not captured", async ({ skip }) => {
  const version = Number((await database.query("SHOW server_version_num"))[0]?.["server_version_num"]);
  skip(version < 180_000, "virtual generated columns came with PostgreSQL 18");
  const storage = stack.use(await openStorage(database));
  await database.query(
    "CREATE TABLE pl_pump.pump (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL)",
  );
  const recorder = new ChangeRecorder();
  stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: true }, recorder.listener));
  recorder.clear();
  await database.query("INSERT INTO pl_pump.pump VALUES (1)");
  expect((await recorder.of("pump", "insert")).rows).toBeUndefined();
});

it("parseRecord() reads records as PostgreSQL writes them", async () => {
  const client = await writer();
  const field = fc.option(fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed()));
  await fc.assert(
    fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 8 }), async (fields) => {
      const parameters = fields.map((_, index) => `$${index + 1}::text`).join(", ");
      const { rows } = await client.query(`SELECT ROW(${parameters})::text AS text`, [...fields]);
      expect(parseRecord(String(rows[0].text))).toEqual(fields);
    }),
    { numRuns: 300 },
  );
});

it("parseRecord() rejects a text that is no record", () => {
  for (const text of ["", "(", "1,2", '("a', "(a)b", '("a"b'] as const) {
    expect(() => parseRecord(text)).toThrow("Not a record");
  }
});
