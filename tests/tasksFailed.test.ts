import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTable } from "./src/tasks/jobsPlugin.ts";
import { TaskSystem } from "./src/tasks/TaskSystem.ts";

describe("a task that fails", () => {
  const owned = new AsyncDisposableStack();
  let system: TaskSystem;

  beforeAll(async () => {
    system = owned.use(await TaskSystem.start());
    await system.startWorker();
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const triesOf = async (n: number): Promise<number> =>
    system.count(`SELECT count(*) FROM ${runTable()} WHERE n = $1`, [n]);

  it("because of its input is not queued, and the error names the task and the mistake", async () => {
    for (const ask of ["run", "enqueue"]) {
      expect(await system.tryAsk({ ask, task: "Note", input: { n: "one" } })).toMatchObject({
        error: {
          code: "TASK_INPUT_INVALID",
          message: expect.stringMatching(/peek_plugin_jobs\.Note.*\bn\b/),
          task: "peek_plugin_jobs.Note",
        },
      });
    }
    expect(await system.inState("created", "Note")).toBe(0);
  });

  it("because no worker handles it stays queued, and its caller is notified", async () => {
    const question = { ask: "run", task: "Nobody", input: { n: 1 }, options: { deadlineMs: 500 } };
    expect(await system.tryAsk(question)).toMatchObject({
      error: { code: "TASK_DEADLINE_EXCEEDED", message: expect.stringContaining("peek_plugin_jobs.Nobody") },
    });
    const id = await system.ask({ ask: "enqueue", task: "Nobody", input: { n: 2 } });
    expect(await system.ask({ ask: "find", task: "Nobody", query: { id } })).toMatchObject([{ state: "waiting" }]);
    expect((await system.peek("tasks", "list")).stdout).toMatch(/peek_plugin_jobs\.Nobody\s+1\b/);
  });

  it.each([
    [11, "throw", "TASK_FAILED", 3, "The feeder is stuck"],
    [12, "null", "TASK_FAILED", 3, "null"],
    [13, "output", "TASK_OUTPUT_INVALID", 3, ""],
    [14, "none", "TASK_OUTPUT_INVALID", 3, ""],
    [15, "reject", "TASK_REJECTED", 1, "There is no such feeder"],
  ])("(number %i, %s) becomes a dead letter with %s after %i attempts", async (n, how, code, tries, message) => {
    const options = { key: `faulty ${n}` };
    const answer = await system.tryAsk({ ask: "run", task: "Faulty", input: { n, how }, options });
    expect(answer).toMatchObject({
      error: { code, message: expect.stringContaining(message), task: "peek_plugin_jobs.Faulty" },
    });
    if (code !== "TASK_REJECTED") {
      expect(answer).toMatchObject({ error: { message: expect.stringContaining("peek_plugin_jobs.Faulty") } });
    }
    expect(await triesOf(n)).toBe(tries);
    expect(await system.ask({ ask: "find", task: "Faulty", query: options })).toMatchObject([
      { state: "failed", attempts: tries, error: { code } },
    ]);
  });

  it("does not block later tasks with the same key", async () => {
    const options = { key: "same" };
    const failed = system.tryAsk({ ask: "run", task: "Faulty", input: { n: 21, how: "throw" }, options });
    const next = system.tryAsk({ ask: "run", task: "Faulty", input: { n: 22, how: "reject" }, options });
    expect(await Promise.all([failed, next])).toMatchObject([
      { error: { code: "TASK_FAILED" } },
      { error: { code: "TASK_REJECTED" } },
    ]);
    const tries = await system.query(`SELECT n FROM ${runTable()} WHERE n IN (21, 22) ORDER BY seq`);
    expect(tries.map(({ n }) => n)).toEqual([21, 21, 21, 22]);
  });

  it("is listed by peek tasks list, executed again after peek tasks retry, and deleted by peek tasks drop", async () => {
    const id = String(await system.ask({ ask: "enqueue", task: "Faulty", input: { n: 31, how: "throw" } }));
    const wait = { ask: "wait", task: "Faulty", id };
    expect(await system.tryAsk(wait)).toMatchObject({ error: { code: "TASK_FAILED" } });
    const listed = await system.peek("tasks", "list");
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).toContain(id);
    expect(listed.stdout).toContain("The feeder is stuck");
    expect((await system.peek("tasks", "retry", id)).code).toBe(0);
    expect(await system.tryAsk(wait)).toMatchObject({ error: { code: "TASK_FAILED" } });
    expect(await triesOf(31)).toBe(6);
    expect((await system.peek("tasks", "drop", id)).code).toBe(0);
    expect(await system.ask({ ask: "find", task: "Faulty", query: { id } })).toEqual([]);
    expect((await system.peek("tasks", "list")).stdout).not.toContain(id);
  });
});
