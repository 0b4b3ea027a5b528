import type { Subscription } from "@peek/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StringInt, type TutorialContracts, tutorialContracts } from "./src/importContracts.ts";
import { type DatabaseClient, type LiveService, LiveServices } from "./src/LiveServices.ts";
import { historyOf, RecordingClient, valueOf } from "./src/RecordingClient.ts";

describe("a change in the database by another program", () => {
  const owned = new AsyncDisposableStack();
  let services: LiveServices;
  let field: LiveService;
  let tutorial: TutorialContracts;
  let database: DatabaseClient;

  beforeAll(async () => {
    tutorial = await tutorialContracts();
    services = owned.use(await LiveServices.start());
    field = await services.startBeside("field");
    database = owned.use(await services.database());
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const table = "pl_tutorial.string_int";
  const textsOf = (tuples: readonly StringInt[]): readonly string[] => tuples.map(({ string1 }) => string1);
  const reset = async (): Promise<void> => {
    await database.query(`DELETE FROM ${table} WHERE string1 <> 'one'`);
  };
  /** Watches the table, and waits until it is shown in its initial state. */
  const watch = async (recording: RecordingClient): Promise<Subscription<StringInt>> => {
    const rows = recording.client.subscribe(tutorial.StringIntTuple);
    await valueOf(rows, ({ status, tuples }) => status === "live" && tuples.length === 1);
    return rows;
  };
  const insert = (connection: DatabaseClient, text: string): Promise<unknown> =>
    connection.query(`INSERT INTO ${table} (string1, int1) VALUES ($1, 0)`, [text]);

  it("reaches browsers within a second, 20 times in a row", async () => {
    await reset();
    using recording = new RecordingClient({ url: field.url });
    using rows = await watch(recording);
    const took: number[] = [];
    for (let value = 1000; value < 1020; value += 1) {
      const changedAt = performance.now();
      await database.query(`UPDATE ${table} SET int1 = $1 WHERE string1 = 'one'`, [value]);
      await valueOf(rows, ({ tuples }) => tuples.some(({ int1 }) => int1 === value));
      took.push(performance.now() - changedAt);
    }
    expect(Math.max(...took)).toBeLessThan(1000);
  });

  it("of one row of a thousand reaches browsers in at most 500 bytes", async () => {
    await reset();
    await database.query(`INSERT INTO ${table} (string1, int1) SELECT 'row ' || n, n FROM generate_series(1, 999) n`);
    using recording = new RecordingClient({ url: field.url });
    using rows = recording.client.subscribe(tutorial.StringIntTuple);
    await valueOf(rows, ({ tuples }) => tuples.length === 1000);
    const before = { bytes: recording.bytes, snapshots: recording.count("s") };
    await database.query(`UPDATE ${table} SET int1 = -5 WHERE string1 = 'row 500'`);
    await valueOf(rows, ({ tuples }) => tuples.some(({ int1 }) => int1 === -5));
    expect(recording.bytes - before.bytes).toBeLessThanOrEqual(500);
    expect(recording.count("s")).toBe(before.snapshots);
  });

  it("that is rolled back causes no message", async () => {
    await reset();
    using recording = new RecordingClient({ url: field.url });
    using rows = await watch(recording);
    const history = historyOf(rows);
    await database.query("BEGIN");
    await insert(database, "rolled back");
    await database.query(`UPDATE ${table} SET int1 = -1`);
    await database.query("ROLLBACK");
    await database.query("BEGIN");
    await insert(database, "committed");
    await database.query("SAVEPOINT half");
    await insert(database, "half rolled back");
    await database.query("ROLLBACK TO half");
    await database.query("COMMIT");
    await valueOf(rows, ({ tuples }) => textsOf(tuples).includes("committed"));
    expect(history.map(({ tuples }) => textsOf(tuples))).toEqual([["one", "committed"]]);
    expect(history.flatMap(({ tuples }) => tuples).filter(({ int1 }) => int1 === -1)).toEqual([]);
  });

  it("in transactions that commit out of order is never lost, also beside a long open transaction", async () => {
    await reset();
    using recording = new RecordingClient({ url: field.url });
    using rows = await watch(recording);
    await using open = new AsyncDisposableStack();
    const connect = async (): Promise<DatabaseClient> => open.use(await services.database());
    const long = await connect();
    await long.query("BEGIN");
    await insert(long, "long");
    const five = await Promise.all(Array.from({ length: 5 }, connect));
    const expected: string[] = ["one"];
    for (let round = 0; round < 6; round += 1) {
      // All begin in one order, and commit in another; each commit is seen before the next.
      for (const [index, connection] of five.entries()) {
        await connection.query("BEGIN");
        await insert(connection, `${round}.${index}`);
      }
      const order = [3, 1, 4, 0, 2].map((each) => (each + round) % five.length);
      for (const index of order) {
        const before = performance.now();
        await five[index]?.query("COMMIT");
        expected.push(`${round}.${index}`);
        await valueOf(rows, ({ tuples }) => textsOf(tuples).includes(`${round}.${index}`));
        expect(performance.now() - before).toBeLessThan(1000);
      }
    }
    expect(textsOf(rows.getSnapshot().tuples)).not.toContain("long");
    await long.query("COMMIT");
    expected.push("long");
    const { tuples } = await valueOf(rows, (state) => state.tuples.length === expected.length);
    expect(textsOf(tuples).toSorted()).toEqual(expected.toSorted());
    // In the order of the provider.
    expect(tuples.map(({ id }) => id)).toEqual(tuples.map(({ id }) => id).toSorted((a, b) => a - b));
  });

  it("from many connections at once converges to the state of the database, deletes and a truncate included", async () => {
    await reset();
    using recording = new RecordingClient({ url: field.url });
    using rows = await watch(recording);
    await using open = new AsyncDisposableStack();
    const four = await Promise.all(Array.from({ length: 4 }, async () => open.use(await services.database())));
    await Promise.all(
      four.map(async (connection, writer) => {
        for (let n = 0; n < 50; n += 1) {
          await insert(connection, `w${writer}.${n}`);
          if (n % 5 === 0) await connection.query(`DELETE FROM ${table} WHERE string1 = $1`, [`w${writer}.${n}`]);
        }
      }),
    );
    const stored = await database.query(`SELECT id, string1, int1 FROM ${table} ORDER BY id`);
    expect(stored.length).toBe(1 + 4 * 40);
    await valueOf(rows, ({ tuples }) => tuples.length === stored.length);
    expect(rows.getSnapshot().tuples).toEqual(stored);
    await database.query(`TRUNCATE ${table}`);
    await valueOf(rows, ({ tuples }) => tuples.length === 0);
    await insert(database, "one");
    await valueOf(rows, ({ tuples }) => tuples.length === 1);
  });

  it("during or after a crash of the database reaches browsers, and the shown data stays", async () => {
    await reset();
    using recording = new RecordingClient({ url: field.url });
    using rows = await watch(recording);
    const history = historyOf(rows);
    const runs = services.logic.waitFor(/EmbeddedServer:.*runs again/);
    await services.killDatabase();
    await runs;
    await using again = await services.database();
    await again.query(`UPDATE ${table} SET int1 = 4711 WHERE string1 = 'one'`);
    await valueOf(rows, ({ tuples }) => tuples.some(({ int1 }) => int1 === 4711));
    for (const { tuples } of history) expect(textsOf(tuples)).toEqual(["one"]);
  });
});
