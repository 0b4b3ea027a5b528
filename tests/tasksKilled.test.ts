import { openTestDatabase } from "@peek/testing";
import { describe, expect, inject, it } from "vitest";
import { jobsPlugin, runTable } from "./src/tasks/jobsPlugin.ts";
import { killedWorkers } from "./src/tasks/killedWorkers.ts";
import { TaskSystem } from "./src/tasks/TaskSystem.ts";
import { until } from "./src/tasks/until.ts";

describe.skipIf(inject("peekTestServer") === undefined)("tasks of a worker", () => {
  it("that is killed repeatedly return to the queue: none is lost, and none runs again after its success was recorded", async () => {
    await using database = await openTestDatabase();
    const { connectUrl } = database;
    await using system = await TaskSystem.start({ connectUrl, logic: { tasks: { lostAfterSeconds: 10 } } });
    const figures = await killedWorkers(system, { tasks: 600, kills: 2, running: 100, limitMs: 90_000 });
    expect(figures).toMatchObject({ kills: 2, lost: 0, begunAfterSuccess: 0 });
    // Some of the 100 tasks may end between their count and the kill.
    expect(figures.interrupted).toBeGreaterThan(0);
    expect(figures.lostTries).toBeGreaterThanOrEqual(figures.interrupted);
  });

  it("that is stopped end in time or move to another worker at once", async () => {
    await using database = await openTestDatabase();
    const { connectUrl } = database;
    // No maintenance finds lost tasks during this test.
    await using system = await TaskSystem.start({ connectUrl, logic: { tasks: { lostAfterSeconds: 3600 } } });
    const stopped = await system.startWorker({
      config: { tasks: { lightConcurrency: 20 }, plugin: { deadlines: { stopSeconds: 1 } } },
    });
    await system.ask({ ask: "enqueueMany", task: "Hold", from: 0, count: 60 });
    await until("20 are held", async () => (await stopped.held()) === 20);
    const other = await system.startWorker();
    await other.open();
    expect(await stopped.process.stop()).toEqual({ code: 0, signal: null });
    await until("all are done", async () => (await system.inState("completed", "Hold")) === 60);
    expect(await system.begunAfterSuccess()).toBe(0);
    const tries = await system.query(
      `SELECT n % 2 = 0 AS in_time, count(*)::int AS tries FROM ${runTable()}
       WHERE n IN (SELECT n FROM ${runTable()} WHERE pid = $1) GROUP BY n ORDER BY n`,
      [stopped.pid],
    );
    expect(tries.length).toBe(20);
    for (const { in_time: inTime, tries: count } of tries) expect(count).toBe(inTime === true ? 1 : 2);
  });

  it("of an older build are only those that it can execute", async () => {
    await using database = await openTestDatabase();
    await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
    const old = await system.startWorker({ plugins: [jobsPlugin({ build: "old" })] });
    const grown = await system.ask({ ask: "enqueue", task: "Grown", input: { n: 1 } });
    expect(await system.ask({ ask: "run", task: "Wider", input: { n: 10 } })).toBe(-10);
    // The old schema accepts at most 10.
    expect(await system.tryAsk({ ask: "run", task: "Wider", input: { n: 11 } })).toMatchObject({
      error: {
        code: "TASK_INPUT_INVALID",
        message: expect.stringMatching(/peek_plugin_jobs\.Wider.*\bn\b/),
        task: "peek_plugin_jobs.Wider",
      },
    });
    const find = { ask: "find", task: "Grown", query: { id: grown } };
    expect(await system.ask(find)).toMatchObject([{ state: "waiting", attempts: 0 }]);
    const now = await system.startWorker();
    expect(await system.ask({ ask: "wait", task: "Grown", id: grown })).toBe(-1);
    expect(await system.query(`SELECT pid FROM ${runTable()} WHERE task = 'Grown'`)).toEqual([{ pid: now.pid }]);
    expect(await old.held()).toBe(0);
  });
});
