import type { LedgerRequest } from "@peek/plugin-base/internal";
import { type Kysely, sql } from "@peek/plugin-base/storage";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Storage } from "@peek/storage";
import { pruneLedger } from "../src/ledger/pruneLedger.ts";
import type { AnyTables } from "./testPlugins.ts";
import { caught, enter, nameOf, openStorage, valueOf } from "./support.ts";
import { openTestDatabase, type TestDatabase } from "./testing.ts";

const plugin = "peek_plugin_pump";
const other = "peek_plugin_other";

type Work = Parameters<Storage["ledger"]["execute"]>[2];

let database: TestDatabase;
let stack: AsyncDisposableStack;
let storage: Storage;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await openTestDatabase());
  storage = await open();
  await sql`CREATE TABLE pump (id int PRIMARY KEY, level int NOT NULL)`.execute(enterOnce(storage));
  await database.query("INSERT INTO pl_pump.pump VALUES (1, 0), (2, 0)");
});

afterEach(() => stack.disposeAsync());

async function open(connectUrl = database.connectUrl): Promise<Storage> {
  return stack.use(await openStorage({ connectUrl }, { plugins: [plugin, other], config: { poolSize: 6 } }));
}

function enterOnce(from: Storage, name = plugin): Kysely<AnyTables> {
  return stack.use(enter(from, name)).storage.db;
}

function request(sequence: number, more: Partial<LedgerRequest> = {}): LedgerRequest {
  const after = sequence - 1;
  return {
    client: "device 1",
    lane: "main",
    sequence,
    after,
    acknowledged: 0,
    userId: "ann",
    device: "tablet",
    ...more,
  };
}

/** The work of the action: raises a pump's level. */
const raise =
  (body = "raised", id = 1): Work =>
  async (transaction) => {
    await sql`UPDATE pump SET level = level + 1 WHERE id = ${id}`.execute(transaction);
    return body;
  };

const level = (id = 1): Promise<unknown> => valueOf(database, "SELECT level FROM pl_pump.pump WHERE id = $1", [id]);

const letter = {
  action: `${plugin}.Raise`,
  body: '{"id":1,"text":"\u0000"}',
  user: { id: "ann", name: "Ann", groups: ["all"], anonymous: false },
  device: "device 1",
  pushedAt: "2026-01-02T03:04:05.678Z",
  code: "ACTION_REJECTED",
  message: "The pump is \u0000 locked",
};

describe("execute()", () => {
  it("runs the work and records it; a repetition gets the recorded outcome without running it", async () => {
    const first = await storage.ledger.execute(plugin, request(1), raise("first"));
    const second = await storage.ledger.execute(plugin, request(1), raise("second"));
    expect([first, second]).toEqual([
      { kind: "done", body: "first", repeated: false },
      { kind: "done", body: "first", repeated: true },
    ]);
    expect(await level()).toBe(1);
  });

  it.each(["client", "lane"] as const)("compares a %s by its exact characters", async (key) => {
    const texts = ["M\u00fcller", "Mu\u0308ller", "M\u00dcLLER", "m\u00fcller", "M\u00fcller "];
    for (const text of texts) {
      const own = await storage.ledger.execute(plugin, request(1, { [key]: text }), raise(text));
      expect(own).toEqual({ kind: "done", body: text, repeated: false });
    }
    for (const text of texts) {
      const repeat = await storage.ledger.execute(plugin, request(1, { [key]: text }), raise("again"));
      expect(repeat).toEqual({ kind: "done", body: text, repeated: true });
    }
    expect(await level()).toBe(texts.length);
  });

  it("runs the work once for twenty concurrent calls from two services", async () => {
    const second = await open();
    enterOnce(second);
    // In a new lane, and in an existing one.
    for (const sequence of [1, 2]) {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? storage : second).ledger.execute(plugin, request(sequence), raise(`by ${index}`)),
        ),
      );
      expect(await level()).toBe(sequence);
      expect(outcomes.filter((outcome) => "repeated" in outcome && !outcome.repeated)).toHaveLength(1);
      expect(new Set(outcomes.map((outcome) => ("body" in outcome ? outcome.body : outcome.kind))).size).toBe(1);
    }
  });

  it("runs the same sequence of another lane, client or plugin independently", async () => {
    enterOnce(storage, other);
    const kinds = await Promise.all([
      storage.ledger.execute(plugin, request(1), raise()),
      storage.ledger.execute(plugin, request(1, { lane: "second" }), raise()),
      storage.ledger.execute(plugin, request(1, { client: "device 2" }), raise()),
      storage.ledger.execute(other, request(1), async () => "nothing"),
    ]);
    expect(kinds.every((outcome) => outcome.kind === "done" && !outcome.repeated)).toBe(true);
    expect(await level()).toBe(3);
  });

  it("records nothing and rethrows when the work throws; the action can then be executed", async () => {
    const thrown = new Error("the valve is stuck");
    const attempt = storage.ledger.execute(plugin, request(1), async (transaction) => {
      await raise()(transaction);
      throw thrown;
    });
    await expect(attempt).rejects.toBe(thrown);
    expect([await level(), await valueOf(database, "SELECT count(*)::int FROM peek_vortex.action_lane")]).toEqual([
      0, 0,
    ]);
    expect(await storage.ledger.execute(plugin, request(1), raise())).toMatchObject({ repeated: false });
    expect(await level()).toBe(1);
  });

  it("retries the work after a conflict, with one result", async () => {
    let tries = 0;
    const outcome = await storage.ledger.execute(plugin, request(1), async (transaction) => {
      tries += 1;
      await raise()(transaction);
      if (tries < 3) {
        await sql`DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = 'serialization_failure'; END $$`.execute(
          transaction,
        );
      }
      return `try ${tries}`;
    });
    expect([outcome, await level()]).toEqual([{ kind: "done", body: "try 3", repeated: false }, 1]);
  });

  it("has no effect when the connection is lost during the work", async () => {
    const error = await caught(() =>
      storage.ledger.execute(plugin, request(1), async (transaction) => {
        await raise()(transaction);
        const { rows } = await sql<{ readonly pid: number }>`SELECT pg_backend_pid() AS pid`.execute(transaction);
        await database.query("SELECT pg_terminate_backend($1, 5000)", [rows[0]?.pid]);
        await raise()(transaction);
        return "never";
      }),
    );
    expect([error.code, await level()]).toEqual(["STORAGE_UNAVAILABLE", 0]);
    expect(await storage.ledger.execute(plugin, request(1), raise())).toMatchObject({ repeated: false });
    expect(await level()).toBe(1);
  });

  it("executes an action once when the connection is lost during the commit and the action is repeated", async () => {
    // The connection fails after the server has received the COMMIT.
    await database.query(`
      CREATE TABLE pl_pump.cut (at int);
      CREATE FUNCTION pl_pump.cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON pl_pump.cut DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION pl_pump.cut();
      GRANT INSERT ON pl_pump.cut TO PUBLIC`);
    const error = await caught(() =>
      storage.ledger.execute(plugin, request(1), async (transaction) => {
        await raise()(transaction);
        await sql`INSERT INTO cut VALUES (1)`.execute(transaction);
        return "cut";
      }),
    );
    expect(error.code).toBe("STORAGE_COMMIT_UNKNOWN");
    const again = await storage.ledger.execute(plugin, request(1), raise("again"));
    expect([again.kind, await level()]).toEqual(["done", 1]);
  });

  it("reports the last sequence to an action that comes too early, also in an unknown lane", async () => {
    expect(await storage.ledger.execute(plugin, request(3), raise())).toEqual({ kind: "early", last: 0 });
    await storage.ledger.execute(plugin, request(1), raise());
    expect(await storage.ledger.execute(plugin, request(3), raise())).toEqual({ kind: "early", last: 1 });
    // An action that its client has given up does not block later ones.
    expect(await storage.ledger.execute(plugin, request(5, { after: 1 }), raise())).toMatchObject({ kind: "done" });
    expect(await level()).toBe(2);
  });

  it("rejects another user on the same client, in any lane", async () => {
    await storage.ledger.execute(plugin, request(1), raise());
    for (const lane of ["main", "second"]) {
      const outcome = await storage.ledger.execute(plugin, request(2, { lane, userId: "bob", after: 0 }), raise());
      expect(outcome).toEqual({ kind: "foreign" });
    }
    expect(await level()).toBe(1);
  });

  it("removes outcomes that the client has acknowledged, and all but the last thousand", async () => {
    for (const sequence of [1, 2, 3]) await storage.ledger.execute(plugin, request(sequence), raise());
    await storage.ledger.execute(plugin, request(4, { acknowledged: 2 }), raise());
    const kinds = await Promise.all(
      [1, 2, 3, 4].map(async (sequence) => (await storage.ledger.execute(plugin, request(sequence), raise())).kind),
    );
    expect(kinds).toEqual(["forgotten", "forgotten", "done", "done"]);
    await database.query(`
      INSERT INTO peek_vortex.action_outcome SELECT '${plugin}', 'device 1', 'main', n, 'done', '' FROM generate_series(5, 1100) AS n;
      UPDATE peek_vortex.action_lane SET last_sequence = 1100, kept = 1098`);
    await storage.ledger.execute(plugin, request(1101), raise());
    const count = "SELECT count(*)::int AS count, min(sequence)::int AS least FROM peek_vortex.action_outcome";
    expect(await database.query(count)).toEqual([{ count: 1000, least: 102 }]);
    expect(await level()).toBe(5);
  });

  it("rejects an action whose handler has ended the transaction", async () => {
    const error = await caught(() =>
      storage.ledger.execute(plugin, request(1), async (transaction) => {
        await sql`COMMIT`.execute(transaction);
        return "gone";
      }),
    );
    expect(error.message).toContain("has been ended");
  });

  it("is rejected for a plugin that is not loaded", async () => {
    const error = await caught(() => storage.ledger.execute(other, request(1), raise()));
    expect([error.code, error.message]).toEqual(["PLUGIN_RELEASED", expect.stringContaining(other)]);
  });

  it("works where all plugins share one account", async () => {
    const name = await nameOf(database);
    await using second = await openTestDatabase();
    const secondName = await nameOf(second);
    await second.query(
      `CREATE ROLE ${secondName}_owner LOGIN PASSWORD 'secret'; ALTER DATABASE ${secondName} OWNER TO ${secondName}_owner`,
    );
    const connectUrl = second.connectUrl.replace(/\/\/[^@]*@/, `//${secondName}_owner:secret@`);
    await using shared = await openStorage({ connectUrl });
    await using _entered = enter(shared);
    expect(name).not.toBe(secondName);
    expect(await shared.ledger.execute(plugin, request(1), async () => "")).toMatchObject({ kind: "done" });
    expect(await shared.ledger.execute(plugin, request(1), async () => "")).toMatchObject({ repeated: true });
  });
});

describe("reject()", () => {
  it("records the rejection with a dead letter, once; later actions are executed", async () => {
    const first = await storage.ledger.reject(plugin, request(1), "no", letter);
    const second = await storage.ledger.reject(plugin, request(1), "no, again", letter);
    const executed = await storage.ledger.execute(plugin, request(1), raise());
    expect([first, second, executed]).toEqual([
      { kind: "rejected", body: "no", repeated: false },
      { kind: "rejected", body: "no", repeated: true },
      { kind: "rejected", body: "no", repeated: true },
    ]);
    expect(await storage.ledger.execute(plugin, request(2), raise())).toMatchObject({ kind: "done" });
    const letters = await storage.ledger.deadLetters(plugin);
    expect(letters).toEqual([{ ...letter, id: "1", times: 1, rejectedAt: expect.stringMatching(/^20\d\d-.*Z$/) }]);
    expect(await storage.ledger.deadLetters(other)).toEqual([]);
  });

  it("does not change the outcome of an executed action", async () => {
    await storage.ledger.execute(plugin, request(1), raise("done"));
    const outcome = await storage.ledger.reject(plugin, request(1), "no", letter);
    expect([outcome, await storage.ledger.deadLetters(plugin)]).toEqual([
      { kind: "done", body: "done", repeated: true },
      [],
    ]);
  });

  it("keeps one counted letter without input per forbidden action of a user", async () => {
    const forbidden = { ...letter, code: "FORBIDDEN", message: "Ann may not do this." };
    for (const sequence of [1, 2, 3]) await storage.ledger.reject(plugin, request(sequence), "no", forbidden);
    await storage.ledger.reject(plugin, request(4), "no", { ...forbidden, action: `${plugin}.Lower` });
    await storage.ledger.reject(plugin, request(5), "no", letter);
    await storage.ledger.reject(plugin, request(1, { client: "2", userId: "bob" }), "no", forbidden);
    const letters = await storage.ledger.deadLetters(plugin);
    expect(letters.map(({ action, code, body, times }) => [action, code, body, times])).toEqual([
      [`${plugin}.Raise`, "FORBIDDEN", "", 1],
      [`${plugin}.Raise`, "ACTION_REJECTED", letter.body, 1],
      [`${plugin}.Lower`, "FORBIDDEN", "", 1],
      [`${plugin}.Raise`, "FORBIDDEN", "", 3],
    ]);
  });

  it("keeps the last 200 letters and 4 MiB of a user, and evicts no other user's", async () => {
    const bob = { client: "device 2", userId: "bob" };
    await storage.ledger.reject(plugin, request(1, bob), "no", { ...letter, message: "Bob's" });
    await storage.ledger.reject(plugin, request(1), "no", { ...letter, message: "Ann's first" });
    await database.query(
      "INSERT INTO peek_vortex.dead_letter (plugin, letter, user_id) SELECT $1, $2, 'ann' FROM generate_series(1, 500)",
      [plugin, JSON.stringify(letter)],
    );
    await storage.ledger.reject(plugin, request(2), "no", { ...letter, message: "Ann's last" });
    const messages = async (): Promise<readonly string[]> =>
      (await storage.ledger.deadLetters(plugin)).map(({ message }) => message);
    expect(await messages()).toHaveLength(201);
    expect([(await messages())[0], (await messages()).at(-1)]).toEqual(["Ann's last", "Bob's"]);
    const large = { ...letter, body: "x".repeat(250 * 1024) };
    for (let sequence = 3; sequence < 23; sequence += 1) {
      await storage.ledger.reject(plugin, request(sequence), "no", { ...large, message: `Large ${sequence}` });
    }
    expect([(await messages()).length, (await messages()).at(-2), (await messages()).at(-1)]).toEqual([
      17,
      "Large 7",
      "Bob's",
    ]);
  });

  it("keeps the last 10,000 letters of a plugin, newest first, and deletes single ones", async () => {
    await storage.ledger.reject(plugin, request(1), "no", letter);
    await database.query(
      "INSERT INTO peek_vortex.dead_letter (plugin, letter) SELECT $1, $2 FROM generate_series(1, 10000)",
      [plugin, JSON.stringify(letter)],
    );
    await storage.ledger.reject(plugin, request(2), "no", { ...letter, message: "The last" });
    expect(await valueOf(database, "SELECT count(*)::int FROM peek_vortex.dead_letter")).toBe(10_000);
    const letters = await storage.ledger.deadLetters(plugin);
    expect([letters.length, letters[0]?.message]).toEqual([1000, "The last"]);
    const id = letters[0]?.id ?? "";
    const { ledger } = storage;
    expect([
      await ledger.deleteDeadLetter(other, id),
      await ledger.deleteDeadLetter(plugin, id),
      await ledger.deleteDeadLetter(plugin, id),
      await ledger.deleteDeadLetter(plugin, "no number"),
    ]).toEqual([false, true, false, false]);
  });
});

describe("A plugin", () => {
  it("can neither read the ledger nor write to it for another plugin", async () => {
    const db = enterOnce(storage, other);
    await storage.ledger.execute(plugin, request(1), raise());
    const texts = [
      "SELECT * FROM peek_vortex.action_outcome",
      `SELECT * FROM peek_vortex.claim_action('${plugin}', 'device 1', 'main', 2, 1, 'ann', 'tablet')`,
      `SELECT peek_vortex.record_action('${plugin}', 'device 1', 'main', 2, 0, 'done', '', NULL, '', false)`,
      `SELECT peek_vortex.forget_lanes('${plugin}', ARRAY['device 1'], ARRAY['main'])`,
      `SELECT peek_vortex.make_way('${plugin}', 'ann', NULL, 1, 1)`,
      "SELECT peek_vortex.require_plugin('x')",
    ];
    for (const text of texts) {
      expect(await caught(() => sql.raw(text).execute(db))).toMatchObject({ code: "STORAGE_DENIED" });
    }
  });
});

describe("Pruning the ledger", () => {
  it("removes outcomes after 90 days, and lanes and clients after a year", async () => {
    for (const client of ["a", "b"]) await storage.ledger.execute(plugin, request(1, { client }), raise());
    await storage.ledger.execute(plugin, request(1, { client: "c" }), raise());
    await database.query(`
      UPDATE peek_vortex.action_outcome SET at = now() - interval '91 days' WHERE client = 'a';
      UPDATE peek_vortex.action_lane SET used_at = now() - interval '366 days' WHERE client = 'b'`);
    await storage.asOwner(pruneLedger);
    expect(await database.query("SELECT client FROM peek_vortex.action_client ORDER BY 1")).toEqual([
      { client: "a" },
      { client: "c" },
    ]);
    expect(await storage.ledger.execute(plugin, request(1, { client: "a" }), raise())).toEqual({ kind: "forgotten" });
    expect(await storage.ledger.execute(plugin, request(1, { client: "c" }), raise())).toMatchObject({
      repeated: true,
    });
  });

  it("removes any number of rows in batches, and skips locked ones", async () => {
    await storage.ledger.execute(plugin, request(1), raise());
    await database.query(`
      INSERT INTO peek_vortex.action_client SELECT '${plugin}', 'device ' || n, 'ann' FROM generate_series(2, 12000) AS n;
      INSERT INTO peek_vortex.action_lane (plugin, client, lane, user_id, last_sequence)
        SELECT plugin, client, 'main', user_id, 1 FROM peek_vortex.action_client WHERE client <> 'device 1';
      INSERT INTO peek_vortex.action_outcome
        SELECT plugin, client, lane, 1, 'done', '', now() - interval '91 days' FROM peek_vortex.action_lane WHERE client <> 'device 1';
      UPDATE peek_vortex.action_lane SET used_at = now() - interval '366 days'`);
    await storage.ledger.execute(plugin, request(2), async () => {
      await storage.asOwner(pruneLedger);
      return "";
    });
    const count = (table: string): Promise<unknown> =>
      valueOf(database, `SELECT count(*)::int FROM peek_vortex.${table}`);
    expect([await count("action_client"), await count("action_lane"), await count("action_outcome")]).toEqual([
      1, 1, 2,
    ]);
    expect(await storage.ledger.execute(plugin, request(2), raise())).toMatchObject({ repeated: true });
  });

  it("begins by itself a minute after the first action", async () => {
    await storage.ledger.execute(plugin, request(1), raise());
    await database.query("UPDATE peek_vortex.action_outcome SET at = now() - interval '91 days'");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const second = await open();
    enterOnce(second);
    await second.ledger.execute(plugin, request(2), raise());
    vi.advanceTimersByTime(59_000);
    expect(await valueOf(database, "SELECT count(*)::int FROM peek_vortex.action_outcome")).toBe(2);
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    await expect.poll(() => valueOf(database, "SELECT count(*)::int FROM peek_vortex.action_outcome")).toBe(1);
  });
});
