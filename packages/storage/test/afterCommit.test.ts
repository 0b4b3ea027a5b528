import { afterCommit, type AfterCommit } from "@peek/plugin-base/internal";
import { CompiledQuery, type Kysely, type Transaction } from "kysely";
import type { Storage } from "@peek/storage";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enter, type Entered, openStorage } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

type Tables = Record<string, never>;

let database: TestDatabase;
let storage: Storage;
let entered: Entered<Tables>;

beforeAll(async () => {
  database = await openTestDatabase();
  storage = await openStorage(database, {});
  entered = enter<Tables>(storage);
});

afterAll(async () => {
  await entered[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Runs a statement with a callback after the commit. */
async function send(db: Kysely<Tables> | Transaction<Tables>, done: () => void, text = "SELECT 1"): Promise<void> {
  const query: CompiledQuery & AfterCommit = { ...CompiledQuery.raw(text), [afterCommit]: done };
  await db.executeQuery(query);
}

describe("A callback of a statement after the commit", () => {
  it("runs once, when the transaction has been committed", async () => {
    const log: string[] = [];
    await entered.storage.transaction(async (db) => {
      await send(db, () => log.push("first"));
      await send(db, () => log.push("second"));
      log.push("work");
    });
    expect(log).toEqual(["work", "first", "second"]);
  });

  it("runs in a transaction of Kysely's own API too", async () => {
    const log: string[] = [];
    await entered.storage.db.transaction().execute(async (db) => {
      await send(db, () => log.push("after"));
      log.push("work");
    });
    expect(log).toEqual(["work", "after"]);
  });

  it("does not run when the transaction is rolled back or the statement fails", async () => {
    const log: string[] = [];
    await expect(
      entered.storage.transaction(async (db) => {
        await send(db, () => log.push("rolled back"));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await expect(send(entered.storage.db, () => log.push("failed"), "SELECT 1/0")).rejects.toThrow();
    await expect(
      entered.storage.transaction(async (db) => {
        await send(db, () => log.push("swallowed"));
        await send(db, () => log.push("failed"), "SELECT 1/0").catch(() => undefined);
      }),
    ).rejects.toThrow(/rolled back instead/);
    expect(log).toEqual([]);
  });

  it("runs at once outside of a transaction", async () => {
    const log: string[] = [];
    await send(entered.storage.db, () => log.push("after"));
    expect(log).toEqual(["after"]);
  });
});
