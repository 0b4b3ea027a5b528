import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import { readEmbeddedConnection } from "../../src/embedded/EmbeddedConnection.ts";
import { enter, openStorage } from "../support.ts";
import { ChangeRecorder } from "../ChangeRecorder.ts";
import { serverPid } from "./processesOn.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { TestLog } from "./TestLog.ts";
import { query } from "./testServer.ts";

const plugin = "peek_plugin_pump";
const all = ["pump", "valve"].map((table) => ({ table, operation: "update", rows: undefined }));

it.each([
  ["one of its processes, so that it recovers by itself", "backend"],
  ["the server as a whole, which is started again", "server"],
] as const)(
  "After a crash of %s, a watcher is notified of all tables once, and of later changes",
  async (_, victim) => {
    const dir = join(temporaryFolder(), "postgresql");
    const log = new TestLog();
    await using storage = await openStorage(
      { connectUrl: "" },
      { config: { connectUrl: undefined }, embedded: "start", embeddedDir: dir, log },
    );
    await using _entered = enter(storage);
    const connection = readEmbeddedConnection(dir);
    if (connection === undefined) throw new Error("The server has reported no connection");
    await query(connection, "CREATE TABLE pl_pump.pump (id int)", "CREATE TABLE pl_pump.valve (id int)");
    const recorder = new ChangeRecorder();
    await using _watching = await storage.changes.watch(
      plugin,
      { tables: ["pump", "valve"], rows: true },
      recorder.listener,
    );
    await query(connection, "INSERT INTO pl_pump.pump VALUES (1)");
    await recorder.of("pump", "insert");
    recorder.clear();

    const client = new pg.Client({ ...connection, ssl: false });
    client.on("error", () => undefined);
    await client.connect();
    const lost = new Promise((resolve) => client.once("end", resolve));
    const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
    process.kill(victim === "server" ? serverPid(dir) : (rows[0]?.pid ?? 0), "SIGKILL");
    await lost;
    await recorder.of("valve");
    expect(recorder.changes).toEqual(all);
    recorder.clear();
    await query(connection, "INSERT INTO pl_pump.pump VALUES (2)", "UPDATE pl_pump.pump SET id = 3 WHERE id = 2");
    expect((await recorder.of("pump", "insert")).rows).toEqual([{ id: 2 }]);
    expect((await recorder.of("pump", "update")).rows).toEqual([{ id: 2 }, { id: 3 }]);
    expect(recorder.changes).toHaveLength(2);
    expect(log.of("warning").filter((line) => line.includes("Reading changes from the database failed"))).toEqual([]);
  },
);
