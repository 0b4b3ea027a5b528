import { sql } from "@peek/plugin-base/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Storage } from "@peek/storage";
import {
  caught,
  enter,
  type Entered,
  migrations,
  nameOf,
  openStorage,
  pluginOf,
  signal,
  sqlMigration,
} from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

interface Tables {
  readonly pump: { readonly id: number; readonly level: number };
}

const name = "peek_plugin_pump";

let database: TestDatabase;
let storage: Storage;
let entered: Entered<Tables>;

beforeAll(async () => {
  database = await openTestDatabase();
  // The time after which the server checks for a deadlock.
  await database.query(`ALTER DATABASE ${await nameOf(database)} SET deadlock_timeout = '20ms'`);
  storage = await openStorage(database, { config: { poolSize: 4 } });
  entered = enter<Tables>(storage);
  await sql`CREATE TABLE pump (id int PRIMARY KEY, level int NOT NULL)`.execute(entered.storage.db);
});

afterAll(async () => {
  await entered[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Two rows of one test. */
async function pumps(first: number): Promise<void> {
  await entered.storage.db
    .insertInto("pump")
    .values([
      { id: first, level: 10 },
      { id: first + 1, level: 10 },
    ])
    .execute();
}

async function level(id: number): Promise<number | undefined> {
  const row = await entered.storage.db.selectFrom("pump").select("level").where("id", "=", id).executeTakeFirst();
  return row?.level;
}

/** A barrier: each of two transactions waits until both have reached it, in the first attempt. */
function meeting(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let here = 0;
  return async () => {
    here += 1;
    if (here === 2) resolve();
    await promise;
  };
}

describe("transaction()", () => {
  it("commits when the work returns, and returns its result", async () => {
    const result = await entered.storage.transaction(async (db) => {
      await db.insertInto("pump").values({ id: 1, level: 5 }).execute();
      return "done";
    });
    expect([result, await level(1)]).toEqual(["done", 5]);
  });

  it("rolls back when the work throws, and rethrows", async () => {
    const thrown = new Error("the valve is stuck");
    const transaction = entered.storage.transaction(async (db) => {
      await db.insertInto("pump").values({ id: 2, level: 5 }).execute();
      throw thrown;
    });
    await expect(transaction).rejects.toBe(thrown);
    expect(await level(2)).toBeUndefined();
  });

  it("uses the given isolation and access mode, by default read committed and read write", async () => {
    const modes = async (options?: Parameters<typeof entered.storage.transaction>[1]): Promise<unknown> =>
      await entered.storage.transaction(async (db) => {
        const { rows } = await sql`
          SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS read_only
        `.execute(db);
        return rows[0];
      }, options);
    expect(await modes()).toEqual({ isolation: "read committed", read_only: "off" });
    expect(await modes({ isolation: "repeatable read" })).toMatchObject({ isolation: "repeatable read" });
    expect(await modes({ isolation: "serializable", readOnly: true })).toEqual({
      isolation: "serializable",
      read_only: "on",
    });
  });

  it("rejects changes when it is read only", async () => {
    const error = await caught(() =>
      entered.storage.transaction((db) => db.insertInto("pump").values({ id: 3, level: 1 }).execute(), {
        readOnly: true,
      }),
    );
    expect(error).toMatchObject({ code: "STORAGE_QUERY_FAILED", fields: { sqlState: "25006" } });
  });

  it("retries the work after a serialization failure", async () => {
    await pumps(10);
    const met = meeting();
    let tries = 0;
    /** Sets one row by the value of the other: two concurrent transactions are not serializable. */
    const copy = async (from: number, to: number): Promise<void> =>
      await entered.storage.transaction(
        async (db) => {
          tries += 1;
          const { level } = await db
            .selectFrom("pump")
            .select("level")
            .where("id", "=", from)
            .executeTakeFirstOrThrow();
          if (tries <= 2) await met();
          await db
            .updateTable("pump")
            .set({ level: level + 1 })
            .where("id", "=", to)
            .execute();
        },
        { isolation: "serializable" },
      );
    await Promise.all([copy(10, 11), copy(11, 10)]);
    expect([tries, new Set([await level(10), await level(11)])]).toEqual([3, new Set([11, 12])]);
  });

  it("retries the work after a deadlock", async () => {
    await pumps(20);
    const met = meeting();
    let tries = 0;
    const raise = async (first: number, second: number): Promise<void> =>
      await entered.storage.transaction(async (db) => {
        tries += 1;
        const raiseOne = (id: number) =>
          db
            .updateTable("pump")
            .set((pump) => ({ level: pump("level", "+", 1) }))
            .where("id", "=", id)
            .execute();
        await raiseOne(first);
        if (tries <= 2) await met();
        await raiseOne(second);
      });
    await Promise.all([raise(20, 21), raise(21, 20)]);
    // A retry may conflict again.
    expect(tries).toBeGreaterThan(2);
    expect([await level(20), await level(21)]).toEqual([12, 12]);
  });

  it("fails with STORAGE_CONFLICT after the last retry", async () => {
    let tries = 0;
    const transaction = entered.storage.transaction(
      async (db) => {
        tries += 1;
        await sql`DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure'; END $$`.execute(db);
      },
      { retries: 2 },
    );
    const error = await caught(() => transaction);
    expect(error).toMatchObject({ code: "STORAGE_CONFLICT", fields: { sqlState: "40001" } });
    expect([tries, error.message]).toEqual([3, expect.stringContaining("in the way")]);
  });

  it("does not retry the work after any other error", async () => {
    let tries = 0;
    const transaction = entered.storage.transaction(async (db) => {
      tries += 1;
      await sql`SELECT 1 / 0`.execute(db);
    });
    expect(await caught(() => transaction)).toMatchObject({ code: "STORAGE_QUERY_FAILED" });
    expect(tries).toBe(1);
  });

  it("fails when the work has caught the error of a statement", async () => {
    const transaction = entered.storage.transaction(async (db) => {
      await db.insertInto("pump").values({ id: 30, level: 1 }).execute();
      await sql`SELECT 1 / 0`.execute(db).catch(() => undefined);
    });
    const error = await caught(() => transaction);
    expect(error.code).toBe("STORAGE_QUERY_FAILED");
    expect(error.message).toContain("rolled back instead of committed");
    expect(await level(30)).toBeUndefined();
  });

  it("fails with the error of a deferred constraint at the commit", async () => {
    await sql`CREATE TABLE late (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)`.execute(entered.storage.db);
    const transaction = entered.storage.transaction((db) => sql`INSERT INTO late VALUES (1), (1)`.execute(db));
    expect(await caught(() => transaction)).toMatchObject({
      code: "STORAGE_CONSTRAINT",
      fields: { constraint: "late_id_key" },
    });
  });

  it("within a transaction is independent, on a connection of its own", async () => {
    await entered.storage
      .transaction(async (outer) => {
        await outer.insertInto("pump").values({ id: 40, level: 1 }).execute();
        await entered.storage.transaction((inner) => inner.insertInto("pump").values({ id: 41, level: 1 }).execute());
        throw new Error("back");
      })
      .catch(() => undefined);
    expect([await level(40), await level(41)]).toEqual([undefined, 1]);
  });

  it("cannot be started on the database object of a transaction", async () => {
    // @ts-expect-error -- nor do the types know of one
    const transaction = entered.storage.transaction((db) => db.transaction().execute(async () => undefined));
    await expect(transaction).rejects.toThrow("transaction");
    expect(await entered.storage.transaction(async () => "well")).toBe("well");
  });

  it.each([
    ["throws", () => Promise.reject(new Error("stop"))],
    ["returns", () => Promise.resolve()],
  ])("rejects queries after the work %s, while an earlier query still runs", async (how, end) => {
    const id = how === "throws" ? 900 : 910;
    await pumps(id);
    let late: Promise<unknown> | undefined;
    const done = entered.storage.transaction(async (db) => {
      const goOn = async (): Promise<void> => {
        await sql`SELECT pg_sleep(0.2)`.execute(db);
        await db.updateTable("pump").set({ level: 99 }).where("id", "=", id).execute();
      };
      late = goOn();
      late.catch(() => undefined);
      return await end();
    });
    await Promise.allSettled([done]);
    expect((await caught(() => late ?? Promise.resolve())).code).toBe("STORAGE_QUERY_FAILED");
    expect(await level(id)).toBe(10);
  });

  it("releases its connection after any outcome", () => {
    expect(storage.status().pools[name]).toMatchObject({ size: 4, waiting: 0 });
    const { open, idle } = storage.status().pools[name] ?? {};
    expect(idle).toBe(open);
  });
});

describe("The transaction of a migration", () => {
  it("cannot begin another one", async () => {
    const dir = migrations({
      "0001_nested.js": "export const up = (db) => db.transaction().execute(async () => {});",
      "0002_fine.js": sqlMigration("CREATE TABLE t ()"),
    });
    await using other = await openStorage(database, { plugins: [pluginOf("peek_plugin_nested", dir)] });
    const error = await caught(() => other.migrate("peek_plugin_nested", signal));
    expect([error.code, error.message]).toEqual([
      "MIGRATION_FAILED",
      expect.stringContaining("cannot begin a transaction"),
    ]);
  });
});
