import { expect, it } from "vitest";
import { TaskSystem } from "./src/tasks/TaskSystem.ts";

it("heavy tasks that loop, exhaust memory or end the process fail with their own codes, and the worker and other tasks continue", async () => {
  await using system = await TaskSystem.start();
  const worker = await system.startWorker({ config: { tasks: { threads: 2 } } });
  const { pid } = worker;
  const expected = {
    buffers: "TASK_OUT_OF_MEMORY",
    heap: "TASK_OUT_OF_MEMORY",
    exit: "TASK_ENDED_THREAD",
    null: "TASK_FAILED",
    unhandled: /^TASK_(ENDED_THREAD|FAILED)$/,
    timer: /^TASK_(ENDED_THREAD|FAILED)$/,
  };
  const failsWith = async (code: string | RegExp, task: string, input: object): Promise<void> => {
    const answer = await system.tryAsk({ ask: "run", task, input });
    const name = `peek_plugin_jobs.${task}`;
    expect(answer, JSON.stringify(input)).toMatchObject({
      error: {
        code: typeof code === "string" ? code : expect.stringMatching(code),
        message: expect.stringContaining(name),
        task: name,
      },
    });
  };
  const bad = Object.entries(expected).map(async ([how, code]) => failsWith(code, "Bad", { how }));
  bad.push(failsWith("TASK_TIMED_OUT", "Endless", { n: 1 }));
  // Failures are checked below.
  const badOnes = Promise.all(bad);
  badOnes.catch(() => undefined);
  const good = Array.from({ length: 20 }, (_, n) => system.ask({ ask: "run", task: "Square", input: { n } }));
  expect(await Promise.all(good)).toEqual(Array.from({ length: 20 }, (_, n) => n * n));
  await badOnes;
  // Each was tried once, as declared, and is a dead letter.
  expect(await system.inState("failed", "Bad")).toBe(Object.keys(expected).length);
  expect(await system.inState("failed", "Endless")).toBe(1);
  expect(await system.ask({ ask: "run", task: "Square", input: { n: 12 } })).toBe(144);
  expect(await system.ask({ ask: "run", task: "Square", input: { n: -100_000 } })).toBe(100_000);
  expect(worker.pid).toBe(pid);
});
