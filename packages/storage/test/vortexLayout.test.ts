import { expect, it } from "vitest";
import { caught, enter, openStorage, valueOf } from "./support.ts";
import { openTestDatabase } from "./testing.ts";
import { ChangeRecorder } from "./ChangeRecorder.ts";

const plugin = "peek_plugin_pump";
const request = {
  client: "device 1",
  lane: "main",
  sequence: 1,
  after: 0,
  acknowledged: 0,
  userId: "ann",
  device: "tablet",
};
const version = "SELECT version FROM peek_vortex.layout";

it("The schema peek_vortex of an older Peek is upgraded once, and keeps its data", async () => {
  await using database = await openTestDatabase();
  {
    await using storage = await openStorage(database);
    await using _entered = enter(storage);
    await database.query("CREATE TABLE pl_pump.pump (id int); CREATE TABLE pl_pump.valve (id int)");
    await using _watching = await storage.changes.watch(plugin, { tables: ["pump"], rows: true }, () => undefined);
    await storage.ledger.execute(plugin, request, async () => "done before");
  }
  const current = await valueOf(database, version);
  // A layout without dead letters and rows, with other functions, and with watched tables.
  await database.query(`
    UPDATE peek_vortex.layout SET version = 1;
    DROP TABLE peek_vortex.dead_letter;
    CREATE OR REPLACE FUNCTION peek_vortex.claim_action(
      of_plugin text, of_client text, of_lane text, of_sequence bigint, of_after bigint, of_user text,
      OUT state text, OUT body text, OUT last bigint
    ) LANGUAGE sql AS 'SELECT NULL, NULL, NULL::bigint';
    CREATE OR REPLACE FUNCTION peek_vortex.note_statement() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''of an older Peek''; END';
    CREATE FUNCTION peek_vortex.note(relation oid, operation text, rows jsonb) RETURNS void LANGUAGE sql AS '';
    DROP FUNCTION peek_vortex.note_replicated_rows() CASCADE;
    DROP SEQUENCE peek_vortex.unread;
    ALTER TABLE peek_vortex.reader ADD COLUMN beat timestamptz NOT NULL DEFAULT '-infinity'`);
  // Two services start at the same time.
  await using first = await openStorage(database);
  await using second = await openStorage(database);
  const recorder = [new ChangeRecorder(), new ChangeRecorder()];
  await using stack = new AsyncDisposableStack();
  for (const each of await Promise.all(
    [first, second].map((storage, index) =>
      storage.changes.watch(
        plugin,
        { tables: ["pump", "valve"], rows: true },
        recorder[index]?.listener ?? (() => undefined),
      ),
    ),
  )) {
    stack.use(each);
  }
  expect(await valueOf(database, version)).toBe(current);
  // A plugin's trigger could have called it with forged rows.
  expect(await valueOf(database, "SELECT to_regproc('peek_vortex.note')")).toBeNull();
  for (const table of ["pump", "valve"]) {
    for (const each of recorder) each.clear();
    await database.query(`INSERT INTO pl_pump.${table} VALUES (1)`);
    for (const each of recorder) expect((await each.of(table, "insert")).rows).toEqual([{ id: 1 }]);
  }
  await using _entered = enter(first);
  expect(await first.ledger.execute(plugin, request, async () => "again")).toMatchObject({ body: "done before" });
  expect(await first.ledger.deadLetters(plugin)).toEqual([]);
});

it("The schema peek_vortex of a newer Peek is not used: watching and actions fail", async () => {
  await using database = await openTestDatabase();
  await using storage = await openStorage(database);
  await using _entered = enter(storage);
  await database.query("CREATE TABLE pl_pump.pump (id int)");
  await database.query("CREATE SCHEMA peek_vortex; CREATE TABLE peek_vortex.layout AS SELECT 99 AS version");
  const watching = await caught(() =>
    storage.changes.watch(plugin, { tables: ["pump"], rows: false }, () => undefined),
  );
  const executing = await caught(() => storage.ledger.execute(plugin, request, async () => ""));
  expect([watching.code, executing.code]).toEqual(["STORAGE_TOO_NEW", "STORAGE_TOO_NEW"]);
  expect(watching.message).toContain("layout 99");
});
