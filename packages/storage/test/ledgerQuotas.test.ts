import type { LedgerOutcome, LedgerRequest } from "@peek/plugin-base/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "@peek/storage";
import { trimOutcomes } from "../src/ledger/pruneLedger.ts";
import { enter, openStorage, TestLog, valueOf } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";

let database: TestDatabase;
let stack: AsyncDisposableStack;
let storage: Storage;
let log: TestLog;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await openTestDatabase());
  log = new TestLog();
  storage = stack.use(await openStorage(database, { log }));
  stack.use(enter(storage));
});

afterEach(() => stack.disposeAsync());

interface Of extends Partial<LedgerRequest> {
  readonly body?: string;
}

/** Executes an action; by default of Ann on her tablet. */
async function execute({ body = "done", ...of }: Of = {}): Promise<LedgerOutcome> {
  const request = {
    ...{ client: "browser", lane: "main", sequence: 1, after: 0, acknowledged: 0, userId: "ann", device: "tablet" },
    ...of,
  };
  return await storage.ledger.execute(plugin, request, async () => body);
}

interface Many {
  readonly clients: number;
  readonly lanes: number;
  readonly user?: string;
  readonly device?: string;
  /** When they were last used. Default: two days ago, those with higher numbers later. */
  readonly usedAt?: string;
}

/** Inserts the records of many executed actions, each in its own lane, with the lanes distributed among the clients. */
async function many({ clients, lanes, user = "'ann'", device = "'tablet'", usedAt }: Many): Promise<void> {
  // Creates the tables.
  await storage.ledger.deadLetters(plugin);
  const at = usedAt ?? `now() - interval '2 days' + n * interval '1 ms'`;
  await database.query(`
    INSERT INTO peek_vortex.action_client (plugin, client, user_id, device)
      SELECT '${plugin}', ${user} || 'c' || n, ${user}, ${device} FROM generate_series(1, ${clients}) AS n;
    INSERT INTO peek_vortex.action_lane (plugin, client, lane, user_id, device, last_sequence, kept, bytes, used_at)
      SELECT '${plugin}', ${user} || 'c' || (n - 1) % ${clients} + 1, 'l' || n, ${user}, ${device}, 1, 1, 1, ${at}
      FROM (SELECT n, (n - 1) % ${clients} + 1 AS c FROM generate_series(1, ${lanes}) AS n) AS all_lanes (n, c);
    INSERT INTO peek_vortex.action_outcome (plugin, client, lane, sequence, kind, body)
      SELECT plugin, client, lane, 1, 'done', 'x' FROM peek_vortex.action_lane WHERE last_sequence = 1 AND lane <> 'main'
      ON CONFLICT DO NOTHING`);
}

const count = (table: string, where = "true"): Promise<unknown> =>
  valueOf(database, `SELECT count(*)::int FROM peek_vortex.${table} WHERE ${where}`);

describe("The quota of a user on a device", () => {
  it("evicts the least recently used lanes with their outcomes for a new lane", async () => {
    await execute();
    await many({ clients: 10, lanes: 4999 });
    expect(await execute({ client: "new", body: "new" })).toEqual({ kind: "done", body: "new", repeated: false });
    expect(await count("action_lane")).toBe(4501);
    expect(await count("action_outcome")).toBe(4501);
    expect(await count("action_lane", "lane IN ('l1', 'l500')")).toBe(0);
    expect(await count("action_lane", "lane IN ('l501', 'l4999')")).toBe(2);
    // A lane in use is kept: a repetition gets its outcome, and the next action is executed.
    expect(await execute({ body: "twice" })).toEqual({ kind: "done", body: "done", repeated: true });
    expect(await execute({ client: "annc1", lane: "l4991", body: "twice" })).toMatchObject({ repeated: true });
    // An evicted lane continues: its device has the answers to all earlier actions.
    expect(await execute({ client: "annc1", lane: "l1", sequence: 2, body: "next" })).toMatchObject({
      ...{ kind: "done", body: "next", repeated: false },
    });
    expect(
      log.of("info").filter((line) => line.includes("evicted the 500 least recently used lanes of actions of ann")),
    ).toHaveLength(1);
  });

  it("evicts no lane within a day: new lanes of that device have to wait", async () => {
    await execute();
    await many({ clients: 10, lanes: 4999, usedAt: "now() - interval '23 hours'" });
    expect(await execute({ lane: "second" })).toEqual({ kind: "full" });
    expect(await execute({ client: "new" })).toEqual({ kind: "full" });
    expect(await count("action_lane")).toBe(5000);
    // Existing lanes continue.
    expect(await execute({ sequence: 2, after: 1 })).toMatchObject({ kind: "done", repeated: false });
    expect(await execute({ client: "other", device: "phone" })).toMatchObject({ kind: "done" });
    expect(await execute({ client: "bob's", userId: "bob" })).toMatchObject({ kind: "done" });
    await database.query("UPDATE peek_vortex.action_lane SET used_at = now() - interval '25 hours' WHERE lane = 'l7'");
    expect(await execute({ client: "new" })).toMatchObject({ kind: "done" });
    expect(await count("action_lane", "lane = 'l7'")).toBe(0);
  });

  it("limits clients too: a client whose lanes are all unused is evicted", async () => {
    await many({ clients: 500, lanes: 1000 });
    await database.query("UPDATE peek_vortex.action_lane SET used_at = now() WHERE lane = 'l501'");
    expect(await execute({ client: "new" })).toMatchObject({ kind: "done" });
    expect(await count("action_client")).toBe(451);
    // Both of its lanes are kept, also the old one.
    expect(await count("action_lane", "client = 'annc1'")).toBe(2);
    expect(await count("action_lane", "client IN ('annc2', 'annc51')")).toBe(0);
    expect(await count("action_lane", "client = 'annc52'")).toBe(2);
  });
});

describe("The quota of a user", () => {
  it("holds for all devices together", async () => {
    await many({ clients: 1999, lanes: 19_999, device: "'device ' || n % 100" });
    await execute({ client: "first", device: "new" });
    expect(await count("action_client")).toBe(2000);
    await execute({ client: "second", device: "new" });
    expect(await count("action_client")).toBeLessThan(2000);
    expect(await execute({ client: "first", device: "new", body: "twice" })).toMatchObject({ body: "done" });
  });

  it("is ten times as high, and shared, for all anonymous users", async () => {
    const visitor = { user: "'device:' || n", device: "n::text" };
    await many({ clients: 19_999, lanes: 19_999, ...visitor, usedAt: "now()" });
    expect(await execute({ client: "x", userId: "device:x", device: "x" })).toMatchObject({ kind: "done" });
    expect(await execute({ client: "y", userId: "device:y", device: "y" })).toEqual({ kind: "full" });
    expect(await execute({ client: "ann's" })).toMatchObject({ kind: "done" });
    expect((await storage.ledger.usage())[0]).toMatchObject({ fullest: { user: "device:", percent: 100 } });
  });

  it("limits bytes: the oldest outcomes are removed, and their actions are not executed again", async () => {
    const body = "x".repeat(200 * 1024);
    for (let lane = 1; lane <= 3; lane += 1) await execute({ lane: `l${lane}`, body });
    // Multiplies their recorded length by 150.
    await database.query(`
      UPDATE peek_vortex.action_outcome SET body = repeat('x', 30 * 1024 * 1024), at = now() - interval '1 hour' * (9 - substr(lane, 2)::int);
      UPDATE peek_vortex.action_lane SET bytes = 30 * 1024 * 1024`);
    await execute({ client: "bob's", userId: "bob" });
    await storage.asOwner(trimOutcomes);
    expect(await execute({ lane: "l1", body: "twice" })).toEqual({ kind: "forgotten" });
    expect(await execute({ lane: "l3", body: "twice" })).toMatchObject({ repeated: true });
    expect(await execute({ client: "bob's", userId: "bob", body: "twice" })).toMatchObject({ repeated: true });
    expect(await valueOf(database, "SELECT bytes::int FROM peek_vortex.action_lane WHERE lane = 'l1'")).toBe(0);
    expect(await execute({ lane: "l1", sequence: 2, after: 1 })).toMatchObject({ kind: "done", repeated: false });
  });

  it("is reported for each plugin with the user of the highest usage", async () => {
    expect(await storage.ledger.usage()).toEqual([]);
    expect(await valueOf(database, "SELECT to_regnamespace('peek_vortex')")).toBeNull();
    await execute({ body: "12345" });
    await many({ clients: 40, lanes: 200, user: "'bob'" });
    const letter = {
      ...{
        action: `${plugin}.Raise`,
        body: "{}",
        device: "d",
        pushedAt: "now",
        code: "ACTION_REJECTED",
        message: "no",
      },
      user: { id: "ann", name: "Ann", groups: [], anonymous: false },
    };
    const request = { client: "browser", lane: "main", sequence: 2, after: 1, acknowledged: 0, userId: "ann" };
    await storage.ledger.reject(plugin, { ...request, device: "tablet" }, "no", letter);
    expect(await storage.ledger.usage()).toEqual([
      {
        plugin,
        ...{ clients: 41, lanes: 201, outcomeBytes: 207, deadLetters: 1 },
        deadLetterBytes: JSON.stringify(letter).length,
        fullest: { user: "bob", percent: 2 },
      },
    ]);
  });
});

it("The outcomes of a lane are limited in bytes; the last one is always kept", async () => {
  const body = "x".repeat(3 * 1024 * 1024);
  for (let sequence = 1; sequence <= 3; sequence += 1) await execute({ sequence, after: sequence - 1, body });
  expect(await execute({ sequence: 1 })).toEqual({ kind: "forgotten" });
  expect(await execute({ sequence: 2 })).toMatchObject({ repeated: true });
  await execute({ sequence: 4, after: 3, body: "x".repeat(9 * 1024 * 1024) });
  expect(await count("action_outcome")).toBe(1);
  expect(await execute({ sequence: 4 })).toMatchObject({ repeated: true });
});
