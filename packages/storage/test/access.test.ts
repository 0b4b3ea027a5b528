import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { text } from "node:stream/consumers";
import {
  type BigInteger,
  type Bytes,
  type Generated,
  type Json,
  jsonb,
  type Numeric,
  sql,
  type Timestamp,
} from "@peek/plugin-base/storage";
import type { Storage } from "@peek/storage";
import fc from "fast-check";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { caught, enter, type Entered, openStorage } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

interface Tables {
  readonly reading: {
    readonly id: Generated<number>;
    readonly count: BigInteger | null;
    readonly amount: Numeric | null;
    readonly at: Timestamp | null;
    readonly picture: Bytes | null;
    readonly tags: Json<unknown> | null;
  };
}

const name = "peek_plugin_pump";

let database: TestDatabase;
let storage: Storage;
let entered: Entered<Tables>;

beforeAll(async () => {
  database = await openTestDatabase();
  // One connection, so that each work would find the session state that the previous one has left.
  storage = await openStorage(database, { config: { poolSize: 1, acquireTimeoutSeconds: 3 } });
  entered = enter<Tables>(storage);
  await sql`
    CREATE TABLE reading (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      count bigint, amount numeric, at timestamptz, picture bytea, tags jsonb
    )
  `.execute(entered.storage.db);
});

afterAll(async () => {
  await entered[Symbol.asyncDispose]();
  await storage[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** The JavaScript value of an SQL expression. */
async function read(expression: ReturnType<typeof sql>): Promise<unknown> {
  const { rows } = await sql<{ readonly value: unknown }>`SELECT ${expression} AS value`.execute(entered.storage.db);
  return rows[0]?.value;
}

/** A value that was written to the database and read again. */
async function roundTrip(value: unknown, type: string): Promise<unknown> {
  return await read(sql`${value}::${sql.raw(type)}`);
}

async function backend(): Promise<unknown> {
  return await read(sql`pg_backend_pid()`);
}

describe("platform.storage.db", () => {
  it("does not pass an open transaction that was begun in SQL on to the next query", async () => {
    await sql`BEGIN`.execute(entered.storage.db);
    await sql`CREATE TABLE kept ()`.execute(entered.storage.db);
    // Within that transaction, no other connection would see it.
    expect(await database.query("SELECT to_regclass('pl_pump.kept')::text AS name")).toEqual([
      { name: "pl_pump.kept" },
    ]);
  });

  it("runs typed queries on the plugin's schema without naming it", async () => {
    const { db, schema } = entered.storage;
    expect(schema).toBe("pl_pump");
    const { id } = await db
      .insertInto("reading")
      .values({ count: 5n, amount: "0.10", at: "2026-11-22T10:00:00Z", picture: Buffer.of(1), tags: jsonb(["a"]) })
      .returning("id")
      .executeTakeFirstOrThrow();
    expect(await db.selectFrom("reading").selectAll().where("id", "=", id).executeTakeFirst()).toEqual({
      id,
      count: 5n,
      amount: "0.10",
      at: "2026-11-22T10:00:00Z",
      picture: Buffer.of(1),
      tags: ["a"],
    });
    const updated = await db.updateTable("reading").set({ count: null }).where("id", "=", id).executeTakeFirst();
    expect(updated.numUpdatedRows).toBe(1n);
    const deleted = await db.deleteFrom("reading").where("id", "=", id).executeTakeFirst();
    expect(deleted.numDeletedRows).toBe(1n);
  });

  it("shows the names of the service and the plugin in pg_stat_activity", async () => {
    await backend();
    expect(
      await database.query("SELECT count(*)::int FROM pg_stat_activity WHERE application_name = $1", [
        `peek test ${name}`,
      ]),
    ).toContainEqual({ count: expect.any(Number) });
    expect(await read(sql`current_setting('application_name')`)).toBe(`peek test ${name}`);
  });
});

describe("Values", () => {
  it.each([
    ["bigint", "9007199254740993", 9007199254740993n],
    ["numeric", "0.10", "0.10"],
    ["numeric", "NaN", "NaN"],
    ["numeric", "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"],
    ["float8", "0.1", 0.1],
    ["int", "-5", -5],
    ["boolean", "t", true],
    ["text", "äöü ✓ 𝄞", "äöü ✓ 𝄞"],
    ["timestamptz", "2026-11-22 10:00:00.123456+02", "2026-11-22T08:00:00.123456Z"],
    ["timestamptz", "2026-11-22 10:00:00Z", "2026-11-22T10:00:00Z"],
    ["timestamptz", "infinity", "infinity"],
    ["timestamptz", "-infinity", "-infinity"],
    ["timestamp", "2026-11-22 10:00:00.5", "2026-11-22T10:00:00.5"],
    ["date", "2026-02-28", "2026-02-28"],
    ["interval", "1 year 2 months 3 days 04:05:06.789", "P1Y2M3DT4H5M6.789S"],
    ["bytea", "\\x00ff", Buffer.of(0, 255)],
    [
      "jsonb",
      '{"a": [1, null, {"b": "c"}], "n": 9007199254740993}',
      { a: [1, null, { b: "c" }], n: 9007199254740993n },
    ],
    ["json", "[1.5, 0.1, 1234567890123456]", [1.5, 0.1, 1234567890123456]],
    ["jsonb", "null", null],
    ["bigint[]", "{1,NULL,9007199254740993}", [1n, null, 9007199254740993n]],
    ["numeric[]", "{0.10,2}", ["0.10", "2"]],
    ["timestamptz[]", '{"2026-11-22 10:00:00.000001Z",infinity}', ["2026-11-22T10:00:00.000001Z", "infinity"]],
    ["date[]", "{2026-02-28}", ["2026-02-28"]],
    ["text[]", '{a,"b,c",NULL,"NULL"}', ["a", "b,c", null, "NULL"]],
    [
      "int[]",
      "{{1,2},{3,4}}",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["interval[]", "{1 day}", ["P1D"]],
    ["jsonb[]", '{"{\\"a\\": 9007199254740993}"}', [{ a: 9007199254740993n }]],
  ])("of type %s are exact: %s", async (type, written, expected) => {
    expect(await roundTrip(written, type)).toEqual(expected);
    expect(await roundTrip(null, type)).toBeNull();
  });

  it("are read as they were written, for any content", async () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const decimal = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 30n }), fc.stringMatching(/^\d{1,30}$/))
      .map(([whole, decimals]) => `${whole}.${decimals}`);
    const micros = fc
      .tuple(
        fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        fc.integer({ min: 1, max: 999 }),
      )
      .map(([date, after]) => date.toISOString().replace("Z", `${String(after).padStart(3, "0")}Z`))
      .map((time) => time.replace(/0+Z$/, "Z"));
    const number = fc.oneof(
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((double) => !Number.isInteger(double)),
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.constant(null),
        fc.boolean(),
        number,
        fc.bigInt({ min: 2n ** 60n, max: 2n ** 200n }),
        fc.string({ unit: "grapheme" }),
        fc.array(tie("json")),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("json"), { noNullPrototype: true }),
      ),
    }));
    const row = fc.record({ int64, decimal, micros, bytes: fc.uint8Array({ maxLength: 1000 }), json });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        for (const { int64, decimal, micros, bytes, json } of rows) {
          const { rows: read } = await sql`
            SELECT ${int64}::int8 AS int64, ${decimal}::numeric AS decimal, ${micros}::timestamptz AS micros,
              ${Buffer.from(bytes)}::bytea AS bytes, ${jsonb(json)} AS json, ARRAY[${int64}::int8] AS list
          `.execute(entered.storage.db);
          const back = { int64, decimal, micros, bytes: Buffer.from(bytes), json, list: [int64] };
          // jsonb has no minus zero.
          expect(read[0]).toEqual(
            JSON.stringify(json, bigText).includes("-0") ? expect.objectContaining({ int64 }) : back,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it("of aggregates have the JavaScript types of their SQL types", async () => {
    type Columns = Record<"small" | "whole" | "floating", number> &
      Record<"large", BigInteger> &
      Record<"exact", Numeric>;
    const db = entered.storage.db.withTables<Record<"numbers", Columns>>();
    await sql`CREATE TABLE numbers (small smallint, whole integer, large bigint, exact numeric, floating float8)`.execute(
      db,
    );
    const look = () =>
      db
        .selectFrom("numbers")
        .select(({ fn }) => [
          fn.countAll<number>().as("all"),
          fn.count("whole").distinct().as("distinct"),
          fn.sum("small").as("small"),
          fn.sum("whole").as("whole"),
          fn.sum("large").as("large"),
          fn.sum("exact").as("exact"),
          fn.sum("floating").as("floating"),
          fn.avg("whole").as("average"),
          fn.avg("floating").as("floatingAverage"),
        ])
        .executeTakeFirstOrThrow();
    const nothing = { small: null, whole: null, large: null, exact: null, floating: null };
    const noAverages = { average: null, floatingAverage: null };
    expect(await look()).toEqual({ all: 0n, distinct: 0n, ...nothing, ...noAverages });
    const row = { small: 1, whole: 2, large: 9007199254740993n, exact: "0.10", floating: 0.5 };
    await db.insertInto("numbers").values([row, row]).execute();
    expect(await look()).toEqual({
      ...{ all: 2n, distinct: 1n, small: 2n, whole: 4n, large: "18014398509481986", exact: "0.20", floating: 1 },
      ...{ average: "2.0000000000000000", floatingAverage: 0.5 },
    });
  });

  it("are written as PostgreSQL arrays from arrays, and as JSON by jsonb()", async () => {
    expect(await roundTrip([1n, 2n], "bigint[]")).toEqual([1n, 2n]);
    expect(await roundTrip(["a", 'b"c'], "text[]")).toEqual(["a", 'b"c']);
    expect(await read(jsonb(["a", { b: [2n ** 60n] }]))).toEqual(["a", { b: [2n ** 60n] }]);
    expect(await read(sql`jsonb_typeof(${jsonb("text")})`)).toBe("string");
  });

  it("of a Date are the same moment in every time zone of the server", async () => {
    const date = new Date("2026-07-01T12:34:56.789Z");
    await database.query("SET TimeZone TO 'Asia/Kolkata'");
    expect(await roundTrip(date, "timestamptz")).toBe("2026-07-01T12:34:56.789Z");
  });

  it("of 50 MB can be written and read", async () => {
    const { db } = entered.storage;
    const picture = Buffer.alloc(50_000_000, "peek and ye shall find ");
    const { id } = await db.insertInto("reading").values({ picture }).returning("id").executeTakeFirstOrThrow();
    const row = await db.selectFrom("reading").select("picture").where("id", "=", id).executeTakeFirstOrThrow();
    expect(row.picture?.equals(picture)).toBe(true);
    await db.deleteFrom("reading").where("id", "=", id).execute();
  });
});

/** For JSON.stringify, which has no bigints. */
function bigText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : Object.is(value, -0) ? "-0" : value;
}

describe("stream()", () => {
  const many = (count: number) =>
    entered.storage.db
      .selectFrom(
        sql<{ readonly i: number; readonly pad: string }>`(
          SELECT i, repeat('x', 500) AS pad FROM generate_series(1, ${sql.lit(count)}) AS i
        )`.as("row"),
      )
      .select(["row.i", "row.pad"]);

  it("reads many rows with little memory", async () => {
    const before = process.memoryUsage().rss;
    let [count, sum, most] = [0, 0, 0];
    for await (const row of many(300_000).stream(1000)) {
      count += 1;
      sum += row.i;
      if (count % 10_000 === 0) most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect([count, sum]).toEqual([300_000, (300_000 * 300_001) / 2]);
    // All rows together have more than 150 MB.
    expect(most).toBeLessThan(120_000_000);
  });

  it("releases the connection when the consumer stops early or throws", async () => {
    const first = await backend();
    for await (const row of many(1_000_000).stream(10)) if (row.i === 15) break;
    expect(await backend()).toBe(first);
    const reading = async (): Promise<void> => {
      for await (const row of many(1_000_000).stream(10)) throw new Error(`enough of ${row.i}`);
    };
    await expect(reading()).rejects.toThrow("enough of 1");
    expect(await backend()).toBe(first);
    expect(storage.status().pools[name]).toMatchObject({ open: 1, idle: 1, waiting: 0 });
  });

  it("fails with the query's error at the row that fails", async () => {
    const seen: number[] = [];
    const error = await caught(async () => {
      const failing = entered.storage.db
        .selectFrom(sql<{ readonly i: number }>`(SELECT 5 / (3 - i) AS i FROM generate_series(1, 5) AS i)`.as("row"))
        .select("row.i");
      for await (const { i } of failing.stream(1)) seen.push(i);
    });
    expect([error.code, error.fields["sqlState"], seen]).toEqual(["STORAGE_QUERY_FAILED", "22012", [2, 5]]);
    expect(storage.status().pools[name]).toMatchObject({ open: 1, idle: 1 });
  });
});

describe("withClient()", () => {
  it("lends a connection that can LISTEN", async () => {
    const payload = await entered.storage.withClient(async (client) => {
      await client.query("LISTEN alarms");
      const notified = once(client, "notification");
      await database.query("NOTIFY alarms, 'pump 5'");
      const [notification]: { readonly payload?: string }[] = await notified;
      return notification?.payload;
    });
    expect(payload).toBe("pump 5");
  });

  it("lends a connection that can COPY, both ways", async () => {
    const copied = await entered.storage.withClient(async (client) => {
      await client.query("CREATE TEMP TABLE list (i int, t text)");
      await pipeline(Readable.from(["1\ta\n2\t", "b\n"]), client.query(copyFrom("COPY list FROM STDIN")));
      return await text(client.query(copyTo("COPY (SELECT * FROM list ORDER BY i DESC) TO STDOUT")));
    });
    expect(copied).toBe("2\tb\n1\ta\n");
  });

  it("passes no session state on: settings, temporary tables, LISTEN, an open transaction", async () => {
    const pid = await backend();
    await entered.storage.withClient(async (client) => {
      await client.query("CREATE TEMP TABLE left_behind (i int)");
      await client.query("LISTEN left_behind");
      await client.query("PREPARE left_behind AS SELECT 1");
      await client.query("SET search_path TO public; SET statement_timeout TO 1234");
      await client.query("BEGIN; INSERT INTO pl_pump.reading (count) VALUES (77)");
    });
    expect(await backend()).toBe(pid);
    expect(await read(sql`current_schema()`)).toBe("pl_pump");
    expect(await read(sql`current_setting('statement_timeout')`)).toBe("1min");
    expect(await read(sql`to_regclass('left_behind')`)).toBeNull();
    expect(await read(sql`(SELECT count(*)::int FROM pg_listening_channels())`)).toBe(0);
    expect(await read(sql`(SELECT count(*)::int FROM pg_prepared_statements WHERE name = 'left_behind')`)).toBe(0);
    expect(await read(sql`(SELECT count(*)::int FROM reading WHERE count = 77)`)).toBe(0);
  });

  it("closes the connection and rethrows when the work throws", async () => {
    const pid = await backend();
    const thrown = new Error("in the middle of a COPY");
    await expect(
      entered.storage.withClient(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    expect(await backend()).not.toBe(pid);
  });

  it("returns the result of the work even if the connection is lost afterwards", async () => {
    const result = await entered.storage.withClient(async (client) => {
      const lost = new Promise((resolve) => client.once("end", () => resolve(undefined)));
      await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%pl_pump' AND datname = current_database()",
      );
      await lost;
      return "done";
    });
    expect(result).toBe("done");
    expect(await read(sql`1`)).toBe(1);
  });

  it("throws the errors of pg unchanged", async () => {
    const error: unknown = await entered.storage
      .withClient((client) => client.query("SELECT 1 / 0"))
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "22012", message: "division by zero" });
  });
});
