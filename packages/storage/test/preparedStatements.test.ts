import { sql } from "@peek/plugin-base/storage";
import type { Storage } from "@peek/storage";
import { afterEach, beforeEach, expect, it } from "vitest";
import { caught, enter, type Entered, openStorage } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

interface Tables {
  readonly pump: { readonly id: number };
}

let database: TestDatabase;
let storage: Storage;
let entered: Entered<Tables>;

beforeEach(async () => {
  database = await openTestDatabase();
  // One connection, so that all statements are prepared on it.
  storage = await openStorage(database, { config: { poolSize: 1 } });
  entered = enter<Tables>(storage);
  await sql`CREATE TABLE pump (id int PRIMARY KEY)`.execute(entered.storage.db);
  await entered.storage.db.insertInto("pump").values({ id: 1 }).execute();
  for (let use = 0; use < 5; use += 1) await pumps(entered.storage.db);
});

afterEach(async () => {
  await entered[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function pumps(db: Pick<Entered<Tables>["storage"]["db"], "selectFrom">): Promise<readonly object[]> {
  return db.selectFrom("pump").selectAll().where("id", "=", 1).execute();
}

async function preparedCount(): Promise<unknown> {
  const { rows } = await sql<{ count: bigint }>`SELECT count(*) FROM pg_prepared_statements`.execute(
    entered.storage.db,
  );
  return rows[0]?.count;
}

/** Alters the table, as another process that migrates the schema. */
async function addColumn(): Promise<void> {
  await database.query("ALTER TABLE pl_pump.pump ADD COLUMN level int NOT NULL DEFAULT 5");
}

it("A repeated statement is prepared", async () => {
  expect(await preparedCount()).toBe(1n);
});

it("The number of prepared statements is bounded", async () => {
  for (let text = 0; text < 100; text += 1) {
    for (let use = 0; use < 4; use += 1) {
      await sql`SELECT ${use}::int AS ${sql.id(`c${text}`)}`.execute(entered.storage.db);
    }
  }
  expect(await preparedCount()).toBe(64n);
});

it("A prepared statement returns columns that were added later", async () => {
  await addColumn();
  expect(await pumps(entered.storage.db)).toEqual([{ id: 1, level: 5 }]);
  expect(await pumps(entered.storage.db)).toEqual([{ id: 1, level: 5 }]);
});

it("A transaction is retried when a table of a prepared statement was altered", async () => {
  await addColumn();
  expect(await entered.storage.transaction((db) => pumps(db))).toEqual([{ id: 1, level: 5 }]);
});

it("A stale prepared statement is a conflict in a transaction that is not retried", async () => {
  await addColumn();
  const error = await caught(() => entered.storage.transaction((db) => pumps(db), { retries: 0 }));
  expect(error).toMatchObject({ code: "STORAGE_CONFLICT", fields: { sqlState: "0A000" } });
});

it("Statements work after all were deallocated by withClient() or by the plugin", async () => {
  await entered.storage.withClient(async () => undefined);
  for (let use = 0; use < 5; use += 1) expect(await pumps(entered.storage.db)).toHaveLength(1);
  expect(await preparedCount()).toBe(1n);
  await sql`DEALLOCATE ALL`.execute(entered.storage.db);
  expect(await pumps(entered.storage.db)).toHaveLength(1);
});
