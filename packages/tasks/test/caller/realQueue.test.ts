import { PeekError } from "@peek/errors";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { PgBossTaskQueue } from "@peek/tasks";
import { caught, TestLog } from "@peek/kit/testing";
import { openTestDatabase, type TestDatabase, TestTaskDatabase } from "../testing.ts";
import { Double, doubleAll, doubles, openRig, Sweep, fetchWoken } from "./rig.ts";

let database: TestDatabase;
let connections: TestTaskDatabase;
let queue: PgBossTaskQueue;

beforeAll(async () => {
  database = await openTestDatabase();
  connections = new TestTaskDatabase(database);
  queue = await PgBossTaskQueue.open({
    database: connections,
    role: "owner",
    keepResultsHours: 1,
    keepDeadLettersDays: 1,
    lostAfterSeconds: 20,
    logger: new TestLog(),
    signal: new AbortController().signal,
  });
});

afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await connections[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function open(pollMs?: number) {
  const rig = openRig(queue, pollMs);
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe("tasks in PostgreSQL", () => {
  it("deliver their outputs by an update, by polling, and by key", async () => {
    const rig = open(20);
    const { tasks, caller } = rig;
    const running = [tasks.run(Double, "1"), tasks.run(Double, "2")];
    caller.receive(await doubleAll(rig));
    expect(await Promise.all(running)).toEqual(["2 turns", "4 turns"]);
    const polled = tasks.run(Double, "3", { key: "north" });
    await doubleAll(rig, { ...doubles, kind: "keyed" });
    expect(await polled).toBe("6 turns");
    const [found] = await tasks.find(Double, { key: "north" });
    expect(found).toMatchObject({ state: "done", attempts: 1, output: "6 turns" });
    expect(await tasks.wait(Double, found?.id ?? "")).toBe("6 turns");
    expect(await tasks.find(Double, { key: "\0" })).toEqual([]);
  });

  it("fail with the error that their worker has recorded", async () => {
    const rig = open(20);
    const running = caught(rig.tasks.run(Double, "1"));
    const [attempt] = await fetchWoken(rig, doubles);
    if (attempt === undefined) throw new Error("Nothing was fetched");
    const error = { code: "TASK_REJECTED", message: "There is no such pump" };
    await queue.settle(doubles, [{ kind: "failed", attempt, error, failures: 1 }]);
    expect(await running).toMatchObject({ ...error, fields: { task: Double.name, id: attempt.id } });
  });

  it("of run() are cancelled at the deadline, and the error of wait() says how often they have failed", async () => {
    const rig = open();
    const { tasks, signals } = rig;
    const id = await tasks.enqueue(Double, "1");
    const [attempt] = await fetchWoken(rig, doubles);
    if (attempt === undefined) throw new Error("Nothing was fetched");
    const error = { code: "TASK_FAILED", message: "the valve is stuck" };
    await queue.settle(doubles, [{ kind: "retry", attempt, error, failures: 1, delayMs: 60_000 }]);
    expect((await caught(tasks.wait(Double, id, { deadlineMs: 1 }))).message).toContain(
      "it was waiting for its next try, after it had failed once, the last time with TASK_FAILED: the valve is stuck. It continues.",
    );
    expect(await tasks.cancel(Double, id)).toBe(true);
    expect(await tasks.cancel(Double, id)).toBe(false);
    expect(await caught(tasks.wait(Double, id))).toMatchObject({ code: "TASK_CANCELLED" });
    expect(await caught(tasks.run(Double, "2", { deadlineMs: 1 }))).toMatchObject({
      code: "TASK_DEADLINE_EXCEEDED",
    });
    expect(signals.cancelledIds.length).toBe(2);
    expect(await queue.fetch(doubles, 10)).toEqual([]);
  });

  it("are unique by their singleton key, and keep their order when many are queued at once", async () => {
    const { tasks } = open();
    const [first, second] = await Promise.all(
      ["a", "a"].map((singletonKey) => tasks.enqueue(Sweep, {}, { singletonKey })),
    );
    expect(second).toBe(first);
    const inputs = Array.from({ length: 1000 }, (_, index) => String(index));
    const ids = await tasks.enqueueAll(Double, inputs, { key: "many" });
    const found = await tasks.find(Double, { key: "many" });
    expect(found.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 100));
  });

  it("become visible with the commit of their transaction, and vanish with its rollback", async () => {
    const { tasks } = open();
    const db = new Kysely<{ pump: { id: number } }>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.connectUrl, max: 2 }) }),
    });
    onTestFinished(() => db.destroy());
    const ids: string[] = [];
    await db.transaction().execute(async (transaction) => {
      ids.push(await tasks.enqueue(Sweep, {}, { transaction, key: "in" }));
      expect(await tasks.find(Sweep, { key: "in" })).toEqual([]);
      ids.push(await tasks.enqueue(Sweep, {}, { transaction, singletonKey: "in" }));
    });
    expect(await tasks.find(Sweep, { key: "in" })).toMatchObject([{ id: ids[0], state: "waiting" }]);
    expect(await tasks.find(Sweep, { singletonKey: "in" })).toMatchObject([{ id: ids[1], state: "waiting" }]);
    const failed = db.transaction().execute(async (transaction) => {
      ids.push(await tasks.enqueue(Sweep, {}, { transaction, key: "out" }));
      throw new PeekError("INTERNAL", "no");
    });
    expect((await caught(failed)).message).toBe("no");
    expect(await tasks.find(Sweep, { key: "out" })).toEqual([]);
    expect(await caught(tasks.wait(Sweep, ids[2] ?? ""))).toMatchObject({ code: "TASK_NOT_FOUND" });
  });

  it("have one schedule for each name, and an invalid cron expression is refused", async () => {
    const { tasks } = open();
    await tasks.schedule(Sweep, "0 6 * * 1-5", {}, { tz: "Europe/Berlin" });
    await tasks.schedule(Sweep, "0 7 * * 1-5", {}, { key: "north" });
    expect(await queue.schedules()).toMatchObject([{ cron: "0 7 * * 1-5", tz: "UTC", queue: { kind: "keyed" } }]);
    expect(await caught(tasks.schedule(Sweep, "99 * * * *", {}))).toMatchObject({ code: "TASK_OPTIONS_INVALID" });
    expect([await tasks.unschedule(Sweep), await tasks.unschedule(Sweep)]).toEqual([true, false]);
  });
});
