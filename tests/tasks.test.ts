import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTable } from "./src/tasks/jobsPlugin.ts";
import type { JobsWorker } from "./src/tasks/JobsWorker.ts";
import { TaskSystem } from "./src/tasks/TaskSystem.ts";
import { until } from "./src/tasks/until.ts";

// Logic with its own database, and a worker beside it: the default setup of one machine.
describe("tasks of a plugin, with a worker and logic on one machine", () => {
  const owned = new AsyncDisposableStack();
  let system: TaskSystem;
  let worker: JobsWorker;

  beforeAll(async () => {
    system = owned.use(await TaskSystem.start());
    worker = await system.startWorker();
  });

  afterAll(async () => {
    await owned.disposeAsync();
  });

  const attemptsOf = async (n: number): Promise<number> =>
    system.count(`SELECT count(*) FROM ${runTable()} WHERE n = $1`, [n]);
  const stateOf = async (task: string, id: unknown): Promise<unknown> => {
    const records = (await system.ask({ ask: "find", task, query: { id } })) as readonly { readonly state: unknown }[];
    return records[0]?.state;
  };
  const untilHeld = async (count: number): Promise<void> =>
    until(`${count} are held`, async () => (await worker.held()) === count);

  it("are queued with the other changes of a transaction, or not at all", async () => {
    const rolledBack = await system.tryAsk({ ask: "enqueueIn", task: "Note", input: { n: 1 }, rollback: true });
    expect(rolledBack).toMatchObject({ error: { message: "Rolled back" } });
    const { code: none } = (rolledBack as { readonly error: { readonly code: string } }).error;
    const id = await system.ask({ ask: "enqueueIn", task: "Note", input: { n: 2 } });
    expect(await system.ask({ ask: "wait", task: "Note", id })).toBe(-2);
    expect(await system.ask({ ask: "find", task: "Note", query: { id: none } })).toEqual([]);
    expect(await system.tryAsk({ ask: "wait", task: "Note", id: none })).toMatchObject({
      error: { code: "TASK_NOT_FOUND" },
    });
    expect(await system.query("SELECT n FROM pl_jobs.mark")).toEqual([{ n: 2 }]);
    expect([await attemptsOf(1), await attemptsOf(2)]).toEqual([0, 1]);
  });

  it("do not begin before their time", async () => {
    const id = await system.ask({ ask: "enqueue", task: "Note", input: { n: 3 }, options: { startAfter: 300 } });
    expect(await system.ask({ ask: "wait", task: "Note", id })).toBe(-3);
    const early = `SELECT count(*) FROM ${runTable()} run JOIN peek_tasks.job job ON job.id = run.id
      WHERE run.n = 3 AND run.began < job.start_after`;
    expect(await system.count(early)).toBe(0);
  });

  it("report their progress to the caller", async () => {
    await worker.close();
    const output = system.ask({ ask: "run", task: "Follow", input: { n: 4 } });
    await system.logic.waitFor(/Heard {"n":4,"done":"half"}$/);
    await worker.open();
    expect(await output).toBe(-4);
    await system.logic.waitFor(/Heard {"n":4,"done":"all"}$/);
  });

  it("can be cancelled while waiting and while running, when their signal fires", async () => {
    await worker.close();
    const id = await system.ask({ ask: "enqueue", task: "Hold", input: { n: 5 } });
    await untilHeld(1);
    expect(await system.ask({ ask: "cancel", task: "Hold", id })).toBe(true);
    await worker.process.waitFor(/Aborted 5: /);
    expect(await stateOf("Hold", id)).toBe("cancelled");
    expect(await system.tryAsk({ ask: "wait", task: "Hold", id })).toMatchObject({ error: { code: "TASK_CANCELLED" } });
    expect(await system.ask({ ask: "cancel", task: "Hold", id })).toBe(false);

    const later = await system.ask({
      ask: "enqueue",
      task: "Hold",
      input: { n: 6 },
      options: { startAfter: 3_600_000 },
    });
    expect(await system.ask({ ask: "cancel", task: "Hold", id: later })).toBe(true);
    expect(await stateOf("Hold", later)).toBe("cancelled");
    expect(await attemptsOf(6)).toBe(0);
  });

  it("are cancelled when the caller stops waiting, by its signal or its deadline", async () => {
    await worker.close();
    const question = { ask: "run", task: "Follow", input: { n: 7 }, cancelAt: { n: 7, done: "half" } };
    expect(await system.tryAsk(question)).toMatchObject({
      error: { message: expect.stringContaining("Cancelled by the test") },
    });
    await worker.process.waitFor(/Aborted 7: /);
    const late = { ask: "run", task: "Hold", input: { n: 8 }, options: { deadlineMs: 500 } };
    expect(await system.tryAsk(late)).toMatchObject({
      error: {
        code: "TASK_DEADLINE_EXCEEDED",
        task: "peek_plugin_jobs.Hold",
        message: expect.stringContaining("peek_plugin_jobs.Hold"),
      },
    });
    await worker.process.waitFor(/Aborted 8: /);
  });

  it("exist once for a singleton key until they end", async () => {
    await worker.close();
    const question = { ask: "enqueue", task: "Hold", input: { n: 9 }, options: { singletonKey: "nine" } };
    const id = await system.ask(question);
    await untilHeld(1);
    expect(await Promise.all([system.ask(question), system.ask(question)])).toEqual([id, id]);
    await worker.open();
    expect(await system.ask({ ask: "wait", task: "Hold", id })).toBe(-9);
    const next = await system.ask(question);
    expect(next).not.toBe(id);
    expect(await system.ask({ ask: "wait", task: "Hold", id: next })).toBe(-9);
    expect(await attemptsOf(9)).toBe(2);
  });

  it("have schedules that can be made, replaced and ended", async () => {
    const question = { ask: "schedule", task: "Note", input: { n: 10 } };
    expect(await system.tryAsk({ ...question, cron: "every noon" })).toMatchObject({
      error: { code: "TASK_OPTIONS_INVALID", message: expect.stringContaining("every noon") },
    });
    expect(await system.tryAsk({ ...question, cron: "0 6 * * 1-5", options: { tz: "Mars/Olympus" } })).toMatchObject({
      error: { code: "TASK_OPTIONS_INVALID", message: expect.stringContaining("Mars/Olympus") },
    });
    await system.ask({ ...question, cron: "0 6 * * 1-5", options: { tz: "Europe/Berlin" } });
    await system.ask({ ...question, cron: "0 7 * * 1-5" });
    expect(await system.ask({ ask: "unschedule", task: "Note" })).toBe(true);
    expect(await system.ask({ ask: "unschedule", task: "Note" })).toBe(false);
  });

  it("that run while the database is killed are recorded once when it is back", async () => {
    await worker.close();
    const { pid } = worker;
    const runs = system.logic.waitFor(/EmbeddedServer:.*runs again/);
    const inputs = Array.from({ length: 10 }, (_, index) => ({ n: 100 + index }));
    const ids = (await system.ask({ ask: "enqueueAll", task: "Keep", inputs })) as readonly string[];
    await untilHeld(10);
    await system.killDatabase();
    await worker.open();
    await runs;
    const outputs = await Promise.all(ids.map((id) => system.ask({ ask: "wait", task: "Keep", id })));
    expect(outputs).toEqual(inputs.map(({ n }) => -n));
    expect(await system.begunAfterSuccess()).toBe(0);
    for (const { n } of inputs) expect(await attemptsOf(n)).toBe(1);
    // The worker recovers by itself.
    expect(await system.ask({ ask: "run", task: "Note", input: { n: 110 } })).toBe(-110);
    expect(worker.pid).toBe(pid);
  });

  it("that logic waited for when it was killed are executed, and can be found by their key", async () => {
    await worker.close();
    const numbers = Array.from({ length: 10 }, (_, index) => 200 + index);
    const waiting = numbers.map((n) =>
      system.ask({ ask: "run", task: "Keep", input: { n }, options: { key: `collect ${n}` } }),
    );
    const ended = Promise.allSettled(waiting);
    await untilHeld(10);
    await system.killLogic();
    expect((await ended).map(({ status }) => status)).toEqual(numbers.map(() => "rejected"));
    await worker.open();
    await system.startLogic();
    for (const n of numbers) {
      const find = { ask: "find", task: "Keep", query: { key: `collect ${n}` } };
      const [record] = (await system.ask(find)) as readonly [{ readonly id: string }];
      expect(await system.ask({ ask: "wait", task: "Keep", id: record.id })).toBe(-n);
      expect(await system.ask(find)).toMatchObject([{ state: "done", output: -n }]);
    }
    expect(await system.begunAfterSuccess()).toBe(0);
  });
});
