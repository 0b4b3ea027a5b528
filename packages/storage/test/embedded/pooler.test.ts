import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { caught, enter, migrations, openStorage, pluginOf, signal, sqlMigration, TestLog } from "../support.ts";
import { ChangeRecorder } from "../ChangeRecorder.ts";
import { MachineServer } from "./MachineServer.ts";
import { noPooler, Pooler } from "./Pooler.ts";

const name = "peek_plugin_pump";

describe.skipIf(noPooler && process.env["CI"] === undefined)("With PgBouncer between Peek and the server", () => {
  it("plugins are migrated, write, and get changes in session mode", async () => {
    await using server = await MachineServer.start();
    await using pooler = await Pooler.start(server, ["pool_mode = session"]);
    const log = new TestLog();
    const tables = migrations({
      "0001_pump.ts": sqlMigration("CREATE TABLE pump (id bigint PRIMARY KEY, at timestamptz)"),
    });
    await using storage = await openStorage(pooler, { log, plugins: [pluginOf(name, tables)] });
    expect(await storage.migrate(name, signal)).toEqual(["0001_pump"]);
    await using entered = enter(storage);
    const recorder = new ChangeRecorder();
    await using stack = new AsyncDisposableStack();
    stack.use(await storage.changes.watch(name, { tables: ["pump"], rows: true }, recorder.listener));
    recorder.clear();
    await entered.storage.transaction((db) => sql`INSERT INTO pump VALUES (1, '2026-03-05 02:00:00+00')`.execute(db));
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 1n, at: "2026-03-05T02:00:00Z" }]);
    expect(log.of("warning", "error")).toEqual([]);
  });

  it.each(["transaction", "statement"])("%s mode is rejected, with the required setting", async (mode) => {
    await using server = await MachineServer.start();
    await using pooler = await Pooler.start(server, [`pool_mode = ${mode}`]);
    const error = await caught(() => openStorage(pooler, { config: { retrySeconds: 0 } }));
    expect(error).toMatchObject({ code: "STORAGE_REFUSED" });
    expect(error.message).toContain("pool_mode = session");
  });
});
