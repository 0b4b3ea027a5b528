import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { sql } from "@peek/plugin-base/storage";
import { describe, expect, it } from "vitest";
import { caught, enter, nameOf, openStorage, shortTiming, TestLog, until } from "./support.ts";
import { TcpProxy } from "./TcpProxy.ts";
import { openTestDatabase } from "./testing.ts";

describe("The connections of a plugin", () => {
  it("do not leak memory", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    const heapAfter = async (queries: number): Promise<number> => {
      for (let run = 0; run < queries; run += 4) {
        await Promise.all([1, 2, 3, 4].map((n) => sql`SELECT ${n}::int`.execute(entered.storage.db)));
      }
      if (typeof collect === "function") collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(2000);
    // A leak of a hundred bytes per query would be 1.5 MB.
    expect((await heapAfter(15_000)) - before).toBeLessThan(1_000_000);
  });

  it("are shared fairly with a plugin that needs few, while another would use all", async () => {
    await using database = await openTestDatabase();
    await database.query(`ALTER DATABASE ${await nameOf(database)} CONNECTION LIMIT 7`);
    const plugins = ["peek_plugin_busy", "peek_plugin_quiet"];
    await using storage = await openStorage(database, { plugins, config: { poolSize: 3, acquireTimeoutSeconds: 3 } });
    await using busy = enter(storage, "peek_plugin_busy");
    await using quiet = enter(storage, "peek_plugin_quiet");
    const served = new AbortController();
    const loops = [1, 2, 3, 4].map(async () => {
      do await sql`SELECT pg_sleep(0.01)`.execute(busy.storage.db);
      while (!served.signal.aborted);
    });
    await sql`SELECT 1`.execute(busy.storage.db);
    const answer = await sql`SELECT 1 AS one`.execute(quiet.storage.db).finally(() => served.abort());
    expect(answer.rows).toEqual([{ one: 1 }]);
    await Promise.all(loops);
  });

  it("are closed at once when the server does not answer", { timeout: 10_000 }, async () => {
    await using database = await openTestDatabase();
    await using proxy = await TcpProxy.open(database);
    await using storage = await openStorage(proxy, { config: { acquireTimeoutSeconds: 60 } });
    const entered = enter(storage);
    proxy.fate = () => "swallow";
    const waiting = caught(() => sql`SELECT 1`.execute(entered.storage.db));
    await entered[Symbol.asyncDispose]();
    expect((await waiting).code).toBe("PLUGIN_RELEASED");
    proxy.fate = () => "pass";
  });

  it("that are closed while in use at its end do not count as a loss of the database", async () => {
    await using database = await openTestDatabase();
    const log = new TestLog();
    await using storage = await openStorage(database, { log, config: { statementTimeoutSeconds: 2.5 } });
    const entered = enter(storage);
    await sql`SELECT 1`.execute(entered.storage.db);
    const endless = caught(() => sql`SELECT pg_sleep(1000)`.execute(entered.storage.db));
    await until("it has its connection", () => storage.status().pools["peek_plugin_pump"]?.idle === 0);
    expect((await caught(() => entered[Symbol.asyncDispose]())).code).toBe("STORAGE_CONNECTIONS_LEAKED");
    await endless;
    expect([storage.status().available, log.of("error")]).toEqual([true, []]);
  });

  it("that time out without an answer cause a probe of the database", async () => {
    await using database = await openTestDatabase();
    await using proxy = await TcpProxy.open(database);
    const log = new TestLog();
    await using storage = await openStorage(proxy, {
      log,
      config: { statementTimeoutSeconds: 0.5 },
      timing: shortTiming,
    });
    await using entered = enter(storage);
    await sql`SELECT 1`.execute(entered.storage.db);
    proxy.fate = () => "swallow";
    expect((await caught(() => sql`SELECT 2`.execute(entered.storage.db))).code).toBe("STORAGE_TIMEOUT");
    await until("the loss is noticed", () => !storage.status().available);
    proxy.fate = () => "pass";
    await until("the return is noticed", () => storage.status().available);
  });

  it("have no listeners of withClient() afterwards", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database, { config: { poolSize: 1 } });
    await using entered = enter(storage);
    const heard: unknown[] = [];
    await entered.storage.withClient(async (client) => {
      client.on("notification", ({ payload }) => heard.push(payload));
      await client.query("LISTEN pump");
      await client.query("NOTIFY pump, 'mine'");
    });
    await entered.storage.withClient(async (client) => {
      expect(client.listenerCount("notification")).toBe(0);
      await client.query("LISTEN pump");
      await client.query("NOTIFY pump, 'another''s'");
    });
    expect(heard).toEqual(["mine"]);
  });

  it("return the rows of the last of several statements in one text", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    const { rows } = await sql.raw("SELECT 1 AS n; SELECT 2 AS n").execute(entered.storage.db);
    expect(rows).toEqual([{ n: 2 }]);
  });

  it("do not retry a transaction for a nested one that has exhausted its retries", async () => {
    await using database = await openTestDatabase();
    await using storage = await openStorage(database);
    await using entered = enter(storage);
    const conflict = sql`DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$`;
    const runs = { outer: 0, inner: 0 };
    const error = await caught(() =>
      entered.storage.transaction(async () => {
        runs.outer += 1;
        await entered.storage.transaction(
          async (db) => {
            runs.inner += 1;
            await conflict.execute(db);
          },
          { retries: 2 },
        );
      }),
    );
    expect([error.code, runs]).toEqual(["STORAGE_CONFLICT", { outer: 1, inner: 3 }]);
  });
});
