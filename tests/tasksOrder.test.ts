import { openTestDatabase } from "@peek/testing";
import { describe, expect, inject, it } from "vitest";
import { flood, packFloodPlugins } from "./src/tasks/flood.ts";
import { runTable } from "./src/tasks/jobsPlugin.ts";
import { keyOrder } from "./src/tasks/keyOrder.ts";
import { TaskSystem } from "./src/tasks/TaskSystem.ts";

describe.skipIf(inject("peekTestServer") === undefined)("the order of tasks", () => {
  it("of one key is the order of queuing, with three workers", async () => {
    await using database = await openTestDatabase();
    await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
    const figures = await keyOrder(system, { workers: 3, keys: 20, each: 10, limitMs: 90_000 });
    expect(figures).toMatchObject({ done: 200, workers: 3, outOfOrder: 0 });
  });

  it("does not delay the few tasks of one plugin behind the flood of another", async () => {
    await using database = await openTestDatabase();
    await using system = await TaskSystem.start({ connectUrl: database.connectUrl, plugins: packFloodPlugins() });
    const { begunMeanwhile, left } = await flood(system, 5000);
    expect(begunMeanwhile).toBeLessThan(1000);
    expect(left).toBeGreaterThan(1000);
  });

  it("of one type follows their priority", async () => {
    await using database = await openTestDatabase();
    await using system = await TaskSystem.start({ connectUrl: database.connectUrl });
    for (const [n, priority] of [0, -10, 1000, 5].entries()) {
      await system.ask({ ask: "enqueue", task: "Note", input: { n }, options: { priority } });
    }
    const last = await system.ask({ ask: "enqueue", task: "Note", input: { n: 9 }, options: { priority: -1000 } });
    await system.startWorker({ config: { tasks: { lightConcurrency: 1 } } });
    await system.ask({ ask: "wait", task: "Note", id: last });
    const begun = await system.query(`SELECT n FROM ${runTable()} ORDER BY seq`);
    expect(begun.map(({ n }) => n)).toEqual([2, 3, 0, 1, 9]);
  });
});
