import { sql } from "@peek/plugin-base/storage";
import { expect, it } from "vitest";
import { caught, enter, nameOf, openStorage, TestLog, until } from "./support.ts";
import { ChangeRecorder } from "./ChangeRecorder.ts";
import { openTestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";

/** Settings that an administrator may have changed, with values other than PostgreSQL's defaults. */
const others: Readonly<Record<string, string>> = {
  TimeZone: "America/New_York",
  DateStyle: "SQL, DMY",
  IntervalStyle: "postgres_verbose",
  extra_float_digits: "-3",
  bytea_output: "escape",
  xmlbinary: "hex",
  xmloption: "document",
  escape_string_warning: "off",
  backslash_quote: "on",
  standard_conforming_strings: "off",
  quote_all_identifiers: "on",
  array_nulls: "off",
  transform_null_equals: "on",
  row_security: "off",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  search_path: "public",
  statement_timeout: "55s",
  lock_timeout: "55s",
  idle_in_transaction_session_timeout: "55s",
  idle_session_timeout: "55s",
  gin_fuzzy_search_limit: "1",
  jit: "on",
  jit_above_cost: "0",
  synchronous_commit: "off",
  "plpgsql.variable_conflict": "use_variable",
  check_function_bodies: "off",
};

it("A database with other session settings gives the same values, reports changes, and keeps connections", async () => {
  await using database = await openTestDatabase();
  const name = await nameOf(database);
  // Set before the storage connects; the test's own connections keep the defaults.
  for (const [setting, value] of Object.entries(others)) {
    const given = setting === "DateStyle" ? value : `'${value}'`;
    await database.query(`ALTER DATABASE ${name} SET ${setting} TO ${given}`);
  }
  const log = new TestLog();
  await using storage = await openStorage(database, { log });
  await using entered = enter(storage);
  const { db } = entered.storage;
  const [values] = (
    await sql<Record<string, unknown>>`
      SELECT '2026-03-05 02:00:00+00'::timestamptz AS at, '01/02/2026'::date AS day, '1 day'::interval AS span,
        0.1::float8 + 0.2::float8 AS double, '\\x00ff'::bytea AS bytes, 'a\\b' AS text, ARRAY[1, NULL] AS list,
        NULL = NULL AS equal, current_setting('transaction_isolation') AS isolation
    `.execute(db)
  ).rows;
  expect(values).toEqual({
    at: "2026-03-05T02:00:00Z",
    day: "2026-01-02",
    span: "P1D",
    double: 0.30000000000000004,
    bytes: Buffer.from([0, 255]),
    text: "a\\b",
    list: [1, null],
    equal: null,
    isolation: "read committed",
  });
  // A shorter limit would end a session between its connect and its settings where the machine is busy.
  const limits = sql<{ name: string }>`SELECT name FROM pg_settings WHERE setting = '55000' AND unit = 'ms'`;
  expect((await limits.execute(db)).rows).toEqual([]);
  await sql`CREATE TABLE pump (id int PRIMARY KEY, at timestamptz)`.execute(db).catch(() => undefined);
  const recorder = new ChangeRecorder();
  await using stack = new AsyncDisposableStack();
  await storage.asOwner((lent) =>
    lent.query("CREATE TABLE IF NOT EXISTS pl_pump.pump (id int PRIMARY KEY, at timestamptz)"),
  );
  stack.use(await storage.changes.watch(plugin, { tables: ["pump"], rows: true }, recorder.listener));
  recorder.clear();
  await storage.asOwner((lent) => lent.query("INSERT INTO pl_pump.pump VALUES (1, '2026-03-05 02:00:00+00')"));
  expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1, at: "2026-03-05T02:00:00Z" }]);
  // Changes that a plugin makes to a session are reset, and Peek's settings stay.
  await entered.storage.withClient((client) => client.query("SET TimeZone = 'Asia/Tokyo'; RESET ALL"));
  expect((await sql`SELECT now()::text AS now`.execute(db)).rows[0]).toMatchObject({
    now: expect.stringMatching(/\+00$/),
  });
  const owners = await storage.asOwner((lent) =>
    lent.query("SELECT name FROM pg_settings WHERE setting = '55000' AND unit = 'ms'"),
  );
  expect(owners.rows).toEqual([]);
  expect(log.of("warning", "error")).toEqual([]);
});

it.each([
  ["default_transaction_read_only", "on"],
  ["session_replication_role", "replica"],
])("A database with %s = %s is rejected with the setting's name", async (setting, value) => {
  await using database = await openTestDatabase();
  await database.query(`ALTER DATABASE ${await nameOf(database)} SET ${setting} TO ${value}`);
  const error = await caught(() => openStorage(database));
  expect(error).toMatchObject({ code: "STORAGE_REFUSED" });
  expect(error.message).toContain(`${setting} = ${value}`);
});

it("An idle connection that is cut does not count as a loss of the database", async () => {
  await using database = await openTestDatabase();
  const log = new TestLog();
  await using storage = await openStorage(database, { log });
  await using entered = enter(storage);
  await sql`SELECT 1`.execute(entered.storage.db);
  const cut =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'peek test peek_plugin_pump' AND datname = current_database()";
  await database.query(cut);
  await until("the pool has noticed", () => storage.status().pools[plugin]?.open === 0);
  await sql`SELECT 1`.execute(entered.storage.db);
  expect(storage.status()).toMatchObject({ available: true });
  expect(log.of("warning", "error")).toEqual([]);
});
