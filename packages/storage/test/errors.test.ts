import { setImmediate as turn } from "node:timers/promises";
import { sql } from "@peek/plugin-base/storage";
import type { Storage } from "@peek/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePlugin } from "./testPlugins.ts";
import { caught, enter, type Entered, openStorage } from "./support.ts";
import { openTestDatabase, startService, type TestDatabase } from "./testing.ts";

interface Tables {
  readonly pump: { readonly id: number; readonly name: string; readonly site: number | null };
  readonly nowhere: { readonly id: number };
}

let database: TestDatabase;
let storage: Storage;
let entered: Entered<Tables>;

beforeAll(async () => {
  database = await openTestDatabase();
  storage = await openStorage(database, {
    config: {
      poolSize: 2,
      acquireTimeoutSeconds: 1.5,
      statementTimeoutSeconds: 0.5,
      idleInTransactionTimeoutSeconds: 0.3,
    },
  });
  entered = enter<Tables>(storage);
  await sql`
    CREATE TABLE site (id int PRIMARY KEY);
    CREATE TABLE pump (
      id int PRIMARY KEY, name text NOT NULL CONSTRAINT no_blank CHECK (name <> ''), site int REFERENCES site
    );
    INSERT INTO pump VALUES (1, 'north')
  `.execute(entered.storage.db);
});

afterAll(async () => {
  await entered[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const insert = (values: Tables["pump"]) => caught(() => entered.storage.db.insertInto("pump").values(values).execute());

describe("A statement that the database rejects", () => {
  it("fails with STORAGE_CONSTRAINT and the constraint's name", async () => {
    expect(await insert({ id: 1, name: "south", site: null })).toMatchObject({
      code: "STORAGE_CONSTRAINT",
      fields: { constraint: "pump_pkey", table: "pump", schema: "pl_pump", sqlState: "23505" },
    });
    expect(await insert({ id: 2, name: "", site: null })).toMatchObject({
      code: "STORAGE_CONSTRAINT",
      fields: { constraint: "no_blank", sqlState: "23514" },
    });
    expect(await insert({ id: 2, name: "south", site: 9 })).toMatchObject({
      code: "STORAGE_CONSTRAINT",
      fields: { constraint: "pump_site_fkey", sqlState: "23503" },
    });
  });

  it("fails with STORAGE_CONSTRAINT and the column's name if a required value is missing", async () => {
    const error = await caught(() => sql`INSERT INTO pump (id) VALUES (3)`.execute(entered.storage.db));
    expect(error).toMatchObject({ code: "STORAGE_CONSTRAINT", fields: { column: "name", sqlState: "23502" } });
  });

  it("fails with STORAGE_QUERY_FAILED, and the message marks the position in the statement", async () => {
    const error = await caught(() => entered.storage.db.selectFrom("nowhere").selectAll().execute());
    expect(error).toMatchObject({ code: "STORAGE_QUERY_FAILED", fields: { sqlState: "42P01", position: "15" } });
    expect(error.message).toBe(
      `relation "nowhere" does not exist (42P01) at character 15 of: select * from »"nowhere"«`,
    );
  });

  it("shows the surroundings of the position in a long statement, on one line", async () => {
    const long = `SELECT ${"1,\n".repeat(1000)} nowhere ${"\t, 1".repeat(1000)}`;
    const { message } = await caught(() => sql.raw(long).execute(entered.storage.db));
    expect(message).toContain("»nowhere«");
    expect(message.length).toBeLessThan(1200);
    expect(message).not.toMatch(/[\n\t]/);
  });

  it("does not show its values", async () => {
    const secret = "s3cret-value";
    const error = await caught(() => sql`SELECT ${secret}::int`.execute(entered.storage.db));
    expect(error.code).toBe("STORAGE_QUERY_FAILED");
    // PostgreSQL's message quotes the invalid value; the statement does not contain it.
    expect(error.message.slice(error.message.indexOf("(22P02)"))).not.toContain(secret);
    const unique = await insert({ id: 1, name: secret, site: null });
    expect(JSON.stringify([unique, unique.message])).not.toContain(secret);
  });

  it("has PostgreSQL's error as its cause", async () => {
    const error = await caught(() => sql`SELECT 1 / 0`.execute(entered.storage.db));
    expect(error.cause).toMatchObject({ message: "division by zero", code: "22012" });
  });
});

describe("A statement that takes too long", () => {
  it("fails with STORAGE_TIMEOUT after storage.statementTimeoutSeconds, and the connection stays usable", async () => {
    const error = await caught(() => sql`SELECT pg_sleep(10)`.execute(entered.storage.db));
    expect(error).toMatchObject({ code: "STORAGE_TIMEOUT", fields: { sqlState: "57014" } });
    expect(storage.status().pools["peek_plugin_pump"]?.idle).toBeGreaterThan(0);
  });

  it("fails a transaction that is idle for storage.idleInTransactionTimeoutSeconds", async () => {
    const error = await caught(() =>
      entered.storage.transaction(async (db) => {
        const { rows } = await sql<{ readonly pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
        const pid = rows[0]?.pid;
        while ((await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid])).length > 0);
        // The server's last message is in the socket, and is read in the next turn of the event loop.
        for (const _ of [1, 2]) await turn();
        await sql`SELECT 1`.execute(db);
      }),
    );
    expect(error).toMatchObject({ code: "STORAGE_TIMEOUT", fields: { sqlState: "25P03" } });
    expect(storage.status().available).toBe(true);
  });

  it("fails a transaction that timed out before the commit, whose outcome is known", async () => {
    const error = await caught(() =>
      entered.storage.transaction(async (db) => {
        const { rows } = await sql<{ readonly pid: number }>`SELECT pg_backend_pid() AS pid`.execute(db);
        const pid = rows[0]?.pid;
        while ((await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [pid])).length > 0);
        // The server's last message is in the socket, and is read in the next turn of the event loop.
        for (const _ of [1, 2]) await turn();
      }),
    );
    expect(error.code).toBe("STORAGE_TIMEOUT");
  });
});

describe("A plugin whose connections are all in use", () => {
  it("gets STORAGE_BUSY after storage.acquireTimeoutSeconds, and a connection after one is released", async () => {
    const { db } = entered.storage;
    const { promise, resolve } = Promise.withResolvers<void>();
    const held = [1, 2].map(() => entered.storage.withClient(() => promise));
    const error = await caught(() => sql`SELECT 1`.execute(db));
    expect(error.code).toBe("STORAGE_BUSY");
    expect(error.message).toContain("all 2 connections of peek_plugin_pump are in use");
    expect(error.message).toContain("storage.poolSize");
    const waiting = sql`SELECT 1 AS one`.execute(db);
    resolve();
    expect((await waiting).rows).toEqual([{ one: 1 }]);
    await Promise.all(held);
    expect(storage.status().available).toBe(true);
  });
});

describe("A plugin that was unloaded", () => {
  it("gets PLUGIN_RELEASED for every call", async () => {
    const kept = enter(storage, "peek_plugin_pump");
    await kept[Symbol.asyncDispose]();
    const { db } = kept.storage;
    for (const work of [
      () => sql`SELECT 1`.execute(db),
      () => kept.storage.transaction(async () => 1),
      () => kept.storage.withClient(async () => 1),
    ]) {
      const error = await caught(work);
      expect([error.code, error.message]).toEqual(["PLUGIN_RELEASED", expect.stringContaining("peek_plugin_pump")]);
    }
  });
});

describe("A plugin that accesses another plugin's tables", () => {
  it("fails with STORAGE_DENIED, without effect on others", async () => {
    const valve = writePlugin("peek_plugin_valve", {
      start: ({ platform }) => sql`CREATE TABLE v (i int)`.execute(platform.storage.db),
    });
    const thief = writePlugin("peek_plugin_thief", {
      start: ({ platform }) => sql`SELECT * FROM pl_valve.v`.execute(platform.storage.db),
    });
    await using own = await openTestDatabase();
    await using logic = await startService("logic", { database: own, plugins: [valve, thief], allowFailed: true });
    expect(logic.plugin("peek_plugin_thief")).toMatchObject({
      state: "failed",
      error: { code: "STORAGE_DENIED", hook: "start" },
    });
    expect(logic.plugin("peek_plugin_valve").state).toBe("started");
  });
});
